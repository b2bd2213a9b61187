// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/luks/open_error.hpp"

#include <cerrno>

#include "core/base/message.hpp"

namespace latchkey {

Error no_slot_error(const std::string& what) {
  return {Code::damaged, what, "its header has no key slot that may be tried, so nothing opens it",
          "restore its header from a backup: latchkey restore FILE"};
}

std::string less_memory_hint() {
  return "add memory, or give it a slot that needs less: latchkey rotate-key NAME, or for the "
         "keys volume latchkey change-passphrase";
}

Error open_error(const std::string& name, int answer, const std::string& reason,
                 const std::function<bool()>& has_dm_crypt) {
  const std::string what = "cannot open '" + name + "'";
  switch (-answer) {
    case EPERM:
      return {Code::denied, what, "no key slot accepts this passphrase or key", "try again"};
    case ENOKEY:
      return no_slot_error(what);
    case ENOMEM:
      return {Code::memory, what, "not enough memory for its key derivation", less_memory_hint()};
    case EEXIST:
    case EBUSY:
      return {Code::busy, what, "its mapping or its device is in another use",
              "look at: dmsetup ls --tree"};
    case ENOENT:
      return {Code::kernel, what, "the kernel lacks a cipher or hash it needs (" + reason + ")",
              "rebuild the image: update-initramfs -u -k all"};
    case ENODEV:
    case ENXIO:
      return {Code::missing, what, reason, unread_disk_hint()};
    default:
      break;
  }
  if (!has_dm_crypt())
    return {Code::kernel, what, "the kernel's dm-crypt module is not loaded and cannot be",
            "rebuild the image: update-initramfs -u -k all"};
  return {Code::io, what, reason, "look at: dmesg, dmsetup ls --tree"};
}

}  // namespace latchkey
