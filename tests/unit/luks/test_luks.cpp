// SPDX-License-Identifier: GPL-3.0-or-later
// Headers and key slots, on plain files: no device-mapper is needed for them.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "core/luks/luks_slots.hpp"
#include "support/catch.hpp"
#include "support/loop_disk.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/luks/luks.hpp"
#include "sys/luks/luks_bytes.hpp"
#include "sys/storage/signature.hpp"

using namespace latchkey;

namespace {

const std::string uuid = "0f7a6b1c-1111-4222-8333-444455556666";
// As little as the library takes: the tests are not about it.
const PassphraseCost quick{.memory_kib = 32, .threads = 1, .milliseconds = 1};

class DiskFile {
 public:
  DiskFile() {
    const Fd fd(::mkstemp(path_.data()));
    REQUIRE(fd);
    REQUIRE(::ftruncate(fd.get(), 32L << 20U) == 0);
  }
  DiskFile(const DiskFile&) = delete;
  DiskFile& operator=(const DiskFile&) = delete;
  ~DiskFile() { ::unlink(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] LuksFormat format() const {
    return {.place = {.device = path_, .name = "data", .uuid = uuid}};
  }

 private:
  std::string path_ = "/tmp/latchkey-luks-XXXXXX";
};

Secret secret(std::string_view text) {
  Secret out(text.size());
  REQUIRE(out.append(text));
  return out;
}

RandomKey drawn() {
  auto key = RandomKey::draw();
  REQUIRE(key);
  return std::move(*key);
}

}  // namespace

TEST_CASE(
    "case 40: a new header has one slot, cheap, and a digest as cheap, for a key drawn here") {
  const DiskFile disk;
  const RandomKey key = drawn();
  const auto made = LuksDevice::format(disk.format(), key);
  REQUIRE(made);
  const LuksHeader& header = made->header();
  CHECK(header.type == "LUKS2");
  CHECK(header.uuid == uuid);
  CHECK(header.cipher == "aes-xts-plain64");
  REQUIRE(header.slots.size() == 1);
  CHECK(header.slots[0].kdf == "pbkdf2");
  CHECK(header.slots[0].iterations == 1000);
  CHECK(*made->try_key(key.secret()) == 0);
  // The digest's cost is in the header's own text.
  const auto text = read_file(disk.path(), 64UL << 20U);
  REQUIRE(text);
  const std::size_t digest = text->find("\"digests\"");
  REQUIRE(digest != std::string::npos);
  CHECK(text->find("\"iterations\":1000", digest) != std::string::npos);
  CHECK(*find_signature(disk.path()) == "crypto_LUKS");
}

TEST_CASE("Must 1: a passphrase never gets a cheap slot") {
  const DiskFile disk;
  auto made = LuksDevice::format(disk.format(), secret("a text that somebody chose"), quick);
  REQUIRE(made);
  REQUIRE(made->header().slots.size() == 1);
  CHECK(made->header().slots[0].kdf == "argon2id");
  CHECK(made->header().slots[0].iterations >= 4);
  const auto added = made->add_slot(secret("a text that somebody chose"), secret("another"), quick);
  REQUIRE(added);
  for (const SlotCost& slot : made->header().slots) CHECK(slot.kdf == "argon2id");
}

TEST_CASE("key slots are added, proved, named and removed, never the last") {
  const DiskFile disk;
  auto made = LuksDevice::format(disk.format(), secret("first one"), quick);
  REQUIRE(made);
  CHECK(made->name_slot(0, "anna"));
  const RandomKey key = drawn();
  const auto slot = made->add_slot(secret("first one"), key);
  REQUIRE(slot);
  CHECK(*slot == 1);
  CHECK(made->try_slot(1, key.secret()));
  CHECK(made->try_slot(0, key.secret()).error().code == Code::denied);
  CHECK(made->try_key(secret("wrong")).error().code == Code::denied);
  CHECK(made->add_slot(secret("wrong"), key).error().code == Code::denied);
  CHECK(made->name_slot(1, "bert"));
  CHECK(made->name_slot(1, "berta"));
  CHECK(made->slot_names() == std::map<int, std::string>{{0, "anna"}, {1, "berta"}});

  CHECK(made->remove_slot(0));
  CHECK(made->remove_slot(0));  // it is so already
  CHECK(made->remove_slot(1).error().code == Code::refused);
  // Read again from the disk, not from the library's memory.
  const auto again = LuksDevice::open({.device = disk.path(), .name = "data", .uuid = uuid});
  REQUIRE(again);
  CHECK(again->slot_names() == std::map<int, std::string>{{1, "berta"}});
  const auto bytes = read_luks_bytes(disk.path());
  REQUIRE(bytes);
  CHECK(parse_slot_names(*bytes) == again->slot_names());
  CHECK(parse_slot_names("no header").empty());
  CHECK(again->try_key(key.secret()));
  CHECK(again->try_key(secret("first one")).error().code == Code::denied);
}

TEST_CASE("other bytes than text are keys too: NULs, a newline at the beginning, 300 characters") {
  const DiskFile disk;
  const std::string odd("\n\0key\0\n", 7);
  auto made = LuksDevice::format(disk.format(), secret(odd), quick);
  REQUIRE(made);
  CHECK(made->try_key(secret(odd)));
  CHECK_FALSE(made->try_key(secret(odd.substr(0, 6))));
  CHECK_FALSE(made->try_key(secret("\n")));
  const std::string longer(300, 'x');
  REQUIRE(made->add_slot(secret(odd), secret(longer), quick));
  CHECK(made->try_key(secret(longer)));
  CHECK_FALSE(made->try_key(secret(longer.substr(1))));
}

TEST_CASE("a cipher that is none is a wrong command line, and nothing is written") {
  const DiskFile disk;
  for (const char* cipher : {"aes", "-", "aes-", "no-such-cipher"}) {
    LuksFormat format = disk.format();
    format.cipher = cipher;
    const auto made = LuksDevice::format(format, drawn());
    INFO(cipher);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Code::usage);
  }
  CHECK_FALSE(*find_signature(disk.path()));
}

TEST_CASE("a wiped header opens nothing and shows nothing; another one is left alone") {
  const DiskFile disk;
  const RandomKey key = drawn();
  REQUIRE(LuksDevice::format(disk.format(), key));
  LuksPlace place{.device = disk.path(), .name = "data", .uuid = "another"};
  CHECK(wipe_header(place).error().code == Code::refused);
  place.uuid = uuid;
  CHECK(LuksDevice::open(place));
  CHECK(wipe_header(place));
  CHECK_FALSE(*find_signature(disk.path()));
  CHECK(LuksDevice::open(place).error().code == Code::damaged);
  CHECK(wipe_header(place));  // it is so already
}

TEST_CASE("a header kept elsewhere is wiped to the end of its slots, its neighbours stay") {
  const DiskFile data;
  const DiskFile elsewhere;
  LuksFormat format = data.format();
  format.place.header = elsewhere.path();
  REQUIRE(LuksDevice::format(format, drawn()));
  REQUIRE(LuksDevice::open(format.place));
  const std::string behind = "what another program keeps behind it";
  constexpr std::size_t end = 16UL << 20U;  // of the default's areas
  const Fd fd(::open(elsewhere.path().c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(::pwrite(fd.get(), behind.data(), behind.size(), end) > 0);
  CHECK(wipe_header(format.place));
  CHECK(LuksDevice::open(format.place).error().code == Code::damaged);
  CHECK_FALSE(*find_signature(elsewhere.path()));
  const auto after = read_file(elsewhere.path(), 64UL << 20U);
  REQUIRE(after);
  CHECK(after->size() == 32UL << 20U);
  CHECK(after->substr(end, behind.size()) == behind);
  // Every slot's bytes are gone, to the last.
  CHECK(after->substr(end - 4096, 4096) != std::string(4096, '\0'));
}

TEST_CASE("a header kept elsewhere is wiped when its data are gone, and nothing in its place is") {
  const DiskFile data;
  const DiskFile elsewhere;
  LuksFormat format = data.format();
  format.place.header = elsewhere.path();
  REQUIRE(LuksDevice::format(format, drawn()));
  format.place.device = "/dev/no-such-disk";
  CHECK(wipe_header(format.place));
  CHECK(wipe_header(format.place));  // it is so already
  // Swap: whoever has the file, or the stick, uses it for something else.
  const std::string before(1U << 20U, 'x');
  REQUIRE(write_file(elsewhere.path(), before + std::string(31U << 20U, '\0'), 0600));
  const Fd fd(::open(elsewhere.path().c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(::pwrite(fd.get(), "SWAPSPACE2", 10, 4086) == 10);
  REQUIRE(::pwrite(fd.get(), "\1\0\0\0\377\377\0\0", 8, 1024) == 8);
  const auto there = read_file(elsewhere.path(), 64UL << 20U);
  const auto refused = wipe_header(format.place);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::refused);
  CHECK(refused.error().why.find("holds swap, and no LUKS header") != std::string::npos);
  CHECK(*read_file(elsewhere.path(), 64UL << 20U) == *there);
}

TEST_CASE("case 40: a disk with read errors is not an empty one, nor one whose header is wiped") {
  const test::TempFolder folder;
  const std::string file = folder.file("disk");
  const test::LoopDisk disk(file);
  if (!disk.usable_here()) return;
  CHECK_FALSE(*find_signature(disk.path()));
  const LuksPlace place{.device = disk.path(), .name = "data", .uuid = uuid};
  CHECK(wipe_header(place));
  REQUIRE(LuksDevice::format({.place = place}, drawn()));
  lose_end(disk, file, 31L << 20U);
  const auto unread = find_signature(disk.path());
  REQUIRE_FALSE(unread);
  CHECK(unread.error().code == Code::io);
  CHECK(unread.error().why == "Input/output error");
  // The header is all that a wipe needs.
  CHECK(wipe_header(place));
  CHECK(LuksDevice::open(place).error().code == Code::damaged);
  CHECK(wipe_header(place).error().code == Code::io);
  lose_end(disk, file, 0);
  CHECK(find_signature(disk.path()).error().code == Code::io);
  CHECK(wipe_header(place).error().code == Code::io);
}

TEST_CASE("case 40: every signature is seen, two at once as two") {
  const DiskFile disk;
  CHECK_FALSE(*find_signature(disk.path()));
  CHECK(find_signature("/no/such/device").error().code == Code::missing);
  const Fd fd(::open(disk.path().c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(::pwrite(fd.get(), "SWAPSPACE2", 10, 4086) == 10);
  REQUIRE(::pwrite(fd.get(), "\1\0\0\0\377\377\0\0", 8, 1024) == 8);
  const auto swap = find_signature(disk.path());
  REQUIRE(swap);
  REQUIRE(*swap);
  CHECK(**swap == "swap");
}
