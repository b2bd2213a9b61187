// SPDX-License-Identifier: GPL-3.0-or-later
#include <cerrno>

#include "core/base/message.hpp"
#include "core/luks/open_error.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

// What is told of a number that says enough by itself: the kernel must not be asked.
Error told(int number) {
  return open_error("data", -number, "what the library said", []() -> bool {
    FAIL("the kernel was asked");
    return true;
  });
}

}  // namespace

TEST_CASE("case 30: what keeps a volume closed is told apart by the number that came back") {
  CHECK(told(EPERM).code == Code::denied);
  CHECK(told(EPERM).why == "no key slot accepts this passphrase or key");
  CHECK(told(EPERM).hint == "try again");
  CHECK(told(ENOKEY).code == Code::damaged);
  CHECK(told(ENOKEY).why == "its header has no key slot that may be tried, so nothing opens it");
  CHECK(told(ENOKEY).hint == "restore its header from a backup: latchkey restore FILE");
  CHECK(told(ENOMEM).code == Code::memory);
  CHECK(told(ENOMEM).why == "not enough memory for its key derivation");
  for (const int number : {EBUSY, EEXIST}) {
    CHECK(told(number).code == Code::busy);
    CHECK(told(number).why == "its mapping or its device is in another use");
  }
  for (const int number : {ENODEV, ENXIO}) {
    CHECK(told(number).code == Code::missing);
    CHECK(told(number).why == "what the library said");
    CHECK(told(number).hint == unread_disk_hint());
  }
  for (const int number : {EPERM, ENOKEY, ENOMEM, EBUSY, ENODEV, ENOENT})
    CHECK(told(number).what == "cannot open 'data'");
}

TEST_CASE("case 30: a kernel without a volume's cipher and one without dm-crypt are told apart") {
  const Error cipher = told(ENOENT);
  CHECK(cipher.code == Code::kernel);
  CHECK(cipher.why == "the kernel lacks a cipher or hash it needs (what the library said)");
  CHECK(cipher.hint == "rebuild the image: update-initramfs -u -k all");
  // Any other number may come of either: what the kernel has decides.
  for (const int number : {EINVAL, EIO, ENOTSUP}) {
    const Error none = open_error("data", -number, "what the library said", [] { return false; });
    CHECK(none.code == Code::kernel);
    CHECK(none.why == "the kernel's dm-crypt module is not loaded and cannot be");
    CHECK(none.hint == "rebuild the image: update-initramfs -u -k all");
    const Error other = open_error("data", -number, "what the library said", [] { return true; });
    CHECK(other.code == Code::io);
    CHECK(other.why == "what the library said");
    CHECK(other.hint == "look at: dmesg, dmsetup ls --tree");
  }
}
