// SPDX-License-Identifier: GPL-3.0-or-later
// Key files that were lost from a keys volume in use: what a restore decides of each, and
// how it puts one back. A folder is the keys volume, a plain file the device.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/keys/key_file.hpp"
#include "sys/keys/key_return.hpp"

using namespace latchkey;
using test::TempFolder;

namespace {

std::string text_of(int directory, const std::string& file) {
  const auto read = read_key_file(directory, file);
  REQUIRE(read);
  const auto bytes = read->reveal();
  return {bytes.data(), bytes.size()};
}

Secret secret_of(const std::string& text) {
  Secret out(text.size());
  REQUIRE(out.append(text));
  return out;
}

Fd opened(const TempFolder& folder) {
  Fd fd(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(fd);
  return fd;
}

}  // namespace

TEST_CASE("a key that opens stays; where it does not, the backup's goes back if that one opens") {
  CHECK(decide_key({.there = true, .opens = true, .saved = true}) == KeyAction::nothing);
  CHECK(decide_key({.there = true, .opens = true}) == KeyAction::nothing);
  CHECK(decide_key({.saved = true, .saved_opens = true}) == KeyAction::put);
  CHECK(decide_key({.there = true, .saved = true, .saved_opens = true}) == KeyAction::put);
  CHECK(decide_key({}) == KeyAction::lost);
  CHECK(decide_key({.there = true}) == KeyAction::lost);
  CHECK(decide_key({.there = true, .saved = true}) == KeyAction::lost);
}

TEST_CASE("of a volume that no key opens it is told what is so, and not to lock it") {
  const Error open = key_error("a", "vg-a.key", {.there = true, .saved = true}, true);
  CHECK(open.what == "no key opens 'a'");
  CHECK(open.why ==
        "its key file 'vg-a.key' does not open its header, and the backup's does not open it");
  CHECK(open.hint.starts_with("do not lock it"));
  const Error closed = key_error("a", "vg-a.key", {}, false);
  CHECK(closed.why == "its key file 'vg-a.key' is not on the keys volume, and the backup has none");
  CHECK(closed.hint.find("lock it") == std::string::npos);
}

TEST_CASE("of a keys volume in use that stays shut nothing is said but that") {
  const Error denied =
      keys_not_known("vg/encrypted-keys-2", {Code::denied, "cannot open 'keys'", "no slot", ""});
  CHECK(denied.what == "whether the keys in use open their volumes is not known");
  CHECK(denied.why ==
        "this passphrase does not open the keys volume that latchkey.conf names, "
        "vg/encrypted-keys-2");
  CHECK(keys_not_known("vg/k", {Code::missing, "there is no device vg/k", "", ""}).why ==
        "there is no device vg/k");
}

TEST_CASE("both keys are tried on the header that is there") {
  const TempFolder folder;
  const std::string disk = folder.file("device");
  REQUIRE(write_file(disk, "", 0600));
  REQUIRE(::truncate(disk.c_str(), 32L << 20U) == 0);
  const auto key = RandomKey::draw();
  const auto newer = RandomKey::draw();
  REQUIRE(key);
  REQUIRE(newer);
  const auto header = LuksDevice::format(
      {.place = {disk, "", "a", "0f7a6b1c-1111-4222-8333-444455556666"}}, *key);
  REQUIRE(header);
  const auto decided = [&](const Secret* live, const Secret* saved) {
    const auto fact = try_keys(*header, live, saved);
    REQUIRE(fact);
    return decide_key(*fact);
  };
  CHECK(decided(&key->secret(), nullptr) == KeyAction::nothing);
  CHECK(decided(nullptr, &key->secret()) == KeyAction::put);
  CHECK(decided(&newer->secret(), &key->secret()) == KeyAction::put);
  CHECK(decided(&newer->secret(), nullptr) == KeyAction::lost);
  CHECK(decided(nullptr, &newer->secret()) == KeyAction::lost);
}

TEST_CASE("a lost key file comes back; one that is there is kept under another name") {
  const TempFolder folder;
  const Fd fd = opened(folder);
  const auto first = put_key_back(fd.get(), "vg-a.key", secret_of("saved"));
  REQUIRE(first);
  CHECK(first->empty());
  CHECK(text_of(fd.get(), "vg-a.key") == "saved");
  struct stat info {};
  REQUIRE(::stat(folder.file("vg-a.key").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0400);

  const auto second = put_key_back(fd.get(), "vg-a.key", secret_of("again"));
  REQUIRE(second);
  CHECK(*second == "vg-a.key.before-restore");
  CHECK(text_of(fd.get(), *second) == "saved");
  // As a run that was killed in the middle left it: one name for the old one is enough.
  REQUIRE(::linkat(fd.get(), "vg-a.key", fd.get(), "vg-a.key.before-restore-2", 0) == 0);
  const auto third = put_key_back(fd.get(), "vg-a.key", secret_of("third"));
  REQUIRE(third);
  CHECK(*third == "vg-a.key.before-restore-2");
  CHECK(text_of(fd.get(), *third) == "again");
  CHECK(text_of(fd.get(), "vg-a.key") == "third");
  CHECK(::access(folder.file(".vg-a.key.new").c_str(), F_OK) != 0);
  CHECK_FALSE(put_key_back(fd.get(), "../x", secret_of("saved")));
}
