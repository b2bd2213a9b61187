// SPDX-License-Identifier: GPL-3.0-or-later
// Headers that are saved to files and put back, on plain files.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/luks/header_copy.hpp"
#include "sys/luks/luks.hpp"

using namespace latchkey;
using test::TempFolder;

namespace {

const std::string uuid = "0f7a6b1c-1111-4222-8333-444455556666";

// A file of 32 MiB as the device.
LuksPlace blank_place(const TempFolder& folder) {
  REQUIRE(write_file(folder.file("device"), "", 0600));
  REQUIRE(::truncate(folder.file("device").c_str(), 32L << 20U) == 0);
  return {folder.file("device"), "", "a", uuid};
}

void overwrite(const TempFolder& folder, char with) {
  auto bytes = read_file(folder.file("device"), 64UL << 20U);
  REQUIRE(bytes);
  bytes->replace(0, 16UL << 20U, std::string(16UL << 20U, with));
  REQUIRE(write_file(folder.file("device"), *bytes, 0600));
}

}  // namespace

TEST_CASE("a header that was saved is put back over nothing and over anything, and its key opens") {
  const TempFolder folder;
  const LuksPlace place = blank_place(folder);
  const auto key = RandomKey::draw();
  REQUIRE(key);
  REQUIRE(LuksDevice::format({.place = place}, *key));
  const auto saved = save_header(place, folder.file("saved"));
  REQUIRE(saved);
  CHECK(saved->uuid == uuid);
  CHECK(saved->type == "LUKS2");
  const auto whole = read_file(folder.file("device"), 64UL << 20U);
  for (const char with : {'\0', 'x'}) {
    overwrite(folder, with);
    REQUIRE_FALSE(LuksDevice::open(place));
    REQUIRE(put_header_back(place, "LUKS2", folder.file("saved")));
    const auto back = LuksDevice::open(place);
    REQUIRE(back);
    CHECK(back->try_key(key->secret()));
  }
  // Of the data behind it, nothing was touched.
  CHECK(read_file(folder.file("device"), 64UL << 20U)->substr(16UL << 20U) ==
        whole->substr(16UL << 20U));
}

TEST_CASE("a header is put back over another one that works") {
  const TempFolder folder;
  const LuksPlace place = blank_place(folder);
  const auto key = RandomKey::draw();
  const auto other = RandomKey::draw();
  REQUIRE(key);
  REQUIRE(other);
  REQUIRE(LuksDevice::format({.place = place}, *key));
  REQUIRE(save_header(place, folder.file("saved")));
  LuksPlace another = place;
  another.uuid = "11111111-1111-4222-8333-444455556666";
  REQUIRE(LuksDevice::format({.place = another}, *other));
  REQUIRE(put_header_back(place, "LUKS2", folder.file("saved")));
  const auto back = LuksDevice::open(place);
  REQUIRE(back);
  CHECK(back->try_key(key->secret()));
  const auto denied = back->try_key(other->secret());
  REQUIRE_FALSE(denied);
  CHECK(denied.error().code == Code::denied);
}

TEST_CASE("a header file that is gone is made again, root's alone; a device is not made") {
  const TempFolder folder;
  const LuksPlace place = blank_place(folder);
  const auto key = RandomKey::draw();
  REQUIRE(key);
  REQUIRE(LuksDevice::format({.place = place}, *key));
  REQUIRE(save_header(place, folder.file("saved")));
  LuksPlace detached = place;
  detached.header = folder.file("header");
  CHECK(can_make_header_file(detached.header));
  CHECK_FALSE(can_make_header_file(folder.file("gone/header")));
  CHECK_FALSE(can_make_header_file("/dev/latchkey-is-not-there"));
  CHECK_FALSE(can_make_header_file(""));
  REQUIRE(put_header_back(detached, "LUKS2", folder.file("saved")));
  struct stat info {};
  REQUIRE(::stat(detached.header.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  CHECK_FALSE(can_make_header_file(detached.header));
  LuksPlace alone = detached;
  alone.device = detached.header;
  alone.header.clear();
  const auto back = LuksDevice::open(alone);
  REQUIRE(back);
  CHECK(back->try_key(key->secret()));
  alone.device = folder.file("nothing");
  CHECK_FALSE(put_header_back(alone, "LUKS2", folder.file("saved")));
  CHECK(::access(alone.device.c_str(), F_OK) != 0);
}

TEST_CASE("what is no LUKS header is neither saved nor put back as one") {
  const TempFolder folder;
  const LuksPlace place = blank_place(folder);
  const auto saved = save_header(place, folder.file("saved"));
  REQUIRE_FALSE(saved);
  CHECK(saved.error().code == Code::damaged);
  CHECK(::access(folder.file("saved").c_str(), F_OK) != 0);
  REQUIRE(write_file(folder.file("saved"), std::string(1U << 20U, 'z'), 0600));
  const auto put = put_header_back(place, "LUKS2", folder.file("saved"));
  REQUIRE_FALSE(put);
  CHECK(put.error().code == Code::io);
}
