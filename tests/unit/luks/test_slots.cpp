// SPDX-License-Identifier: GPL-3.0-or-later
// Key slots by their numbers, recovery keys, and what is remembered of backups; on
// plain files.
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "core/config/state.hpp"
#include "core/luks/luks_slots.hpp"
#include "core/luks/slot_marks.hpp"
#include "support/alone.hpp"
#include "support/catch.hpp"
#include "support/luks1.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/state.hpp"
#include "sys/keys/recovery_key.hpp"
#include "sys/luks/key_slots.hpp"
#include "sys/luks/luks.hpp"
#include "sys/luks/luks_session.hpp"

using namespace latchkey;

namespace {

const PassphraseCost quick{.memory_kib = 32, .threads = 1, .milliseconds = 1};

class SlotsFolder {
 public:
  SlotsFolder() {
    const Fd fd(::open(disk().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    REQUIRE(fd);
    REQUIRE(::ftruncate(fd.get(), 32L << 20U) == 0);
    REQUIRE(make_directories(folder_.file("etc/latchkey"), 0755));
  }
  [[nodiscard]] std::string disk() const { return folder_.file("disk"); }
  [[nodiscard]] Paths paths() const { return {folder_.path()}; }

 private:
  test::TempFolder folder_{};
};

Secret slot_secret(std::string_view text) {
  Secret out(text.size());
  REQUIRE(out.append(text));
  return out;
}

LuksDevice formatted(const SlotsFolder& folder, const Secret& passphrase) {
  auto made = LuksDevice::format({.place = {.device = folder.disk(),
                                            .name = "keys",
                                            .uuid = "0f7a6b1c-2222-4222-8333-444455556666"}},
                                 passphrase, quick);
  REQUIRE(made);
  return std::move(*made);
}

LuksDevice formatted_luks1(const SlotsFolder& folder, const Secret& passphrase) {
  const LuksPlace place{.device = folder.disk(), .name = "keys"};
  const auto bytes = passphrase.reveal();
  test::Luks1(place).slot({bytes.data(), bytes.size()});
  auto opened = LuksDevice::open(place);
  REQUIRE(opened);
  return std::move(*opened);
}

}  // namespace

TEST_CASE("a slot is made under the number that was chosen and written down before") {
  const SlotsFolder folder;
  const Secret old = slot_secret("old one");
  const Secret fresh = slot_secret("new one");
  LuksDevice luks = formatted(folder, old);
  CHECK(luks.free_slot().value() == 1);
  CHECK_FALSE(luks.has_slot(5));
  REQUIRE(luks.add_slot(old, fresh, quick, 5).value() == 5);
  CHECK(luks.has_slot(5));
  CHECK(luks.try_slot(5, fresh));
  CHECK(luks.try_slot(5, old).error().code == Code::denied);
  CHECK(luks.try_slot(0, old));
  CHECK(luks.free_slot().value() == 1);
}

TEST_CASE("a slot that is taken is never written over") {
  const SlotsFolder folder;
  const Secret old = slot_secret("old one");
  LuksDevice luks = formatted(folder, old);
  const auto added = luks.add_slot(old, slot_secret("new one"), quick, 0);
  REQUIRE_FALSE(added);
  CHECK(added.error().code == Code::refused);
  CHECK(luks.try_slot(0, old));
}

TEST_CASE("the name moves to the new slot, and goes with the old one") {
  const SlotsFolder folder;
  const Secret old = slot_secret("old one");
  LuksDevice luks = formatted(folder, old);
  REQUIRE(luks.name_slot(0, "alice"));
  REQUIRE(luks.add_slot(old, slot_secret("new one"), quick, 1));
  REQUIRE(luks.name_slot(1, "alice"));
  REQUIRE(luks.remove_slot(0));
  CHECK(luks.slot_names() == std::map<int, std::string>{{1, "alice"}});
}

TEST_CASE("a new recovery key takes the place of older ones, never of what was typed for it") {
  const std::map<int, std::string> names{
      {0, "first"}, {1, "recovery"}, {2, "recovery"}, {3, "alice"}, {4, "recovery"}};
  CHECK(older_recovery_slots(names, 4, 0) == std::vector<int>{1, 2});
  CHECK(older_recovery_slots(names, 4, 2) == std::vector<int>{1});
  CHECK(older_recovery_slots({{1, "recovery"}}, 1, 0).empty());
}

TEST_CASE("no passphrase is named as recovery keys are") {
  CHECK(judge_passphrase_name("alice"));
  for (const char* bad : {"recovery", "", "-x", "a\nb"})
    CHECK(judge_passphrase_name(bad).error().code == Code::usage);
  CHECK(inherited_slot_name("recovery").empty());
  CHECK(inherited_slot_name("alice") == "alice");
}

TEST_CASE("the command that removes a slot is exact for the device at hand") {
  CHECK(command_to_remove_slot({.device = "/dev/system/encrypted-keys"}, true, 3) ==
        "latchkey remove-passphrase --slot 3");
  CHECK(command_to_remove_slot({.device = "/dev/system/a"}, false, 3) ==
        "cryptsetup luksKillSlot /dev/system/a 3");
  CHECK(command_to_remove_slot({.device = "/dev/system/a", .header = "/etc/a.luks"}, false, 3) ==
        "cryptsetup luksKillSlot /etc/a.luks 3");
}

TEST_CASE("a drawn key opens without the costly slots before it being tried") {
  const SlotsFolder folder;
  const Secret costly = slot_secret("costly");
  LuksDevice luks = formatted(folder, costly);
  const auto key = RandomKey::draw();
  REQUIRE(key);
  REQUIRE(luks.add_slot(costly, *key, 3).value() == 3);
  CHECK(luks.try_key(key->secret()).value() == 3);
}

TEST_CASE("a replaced key goes from every slot it had, once the stored key opens another") {
  const SlotsFolder folder;
  const Secret old = slot_secret("old one");
  const Secret stored = slot_secret("stored one");
  LuksDevice luks = formatted(folder, old);
  REQUIRE(luks.add_slot(old, old, quick, 2));
  CHECK(slots_opened_by(luks, old).value() == std::vector<int>{0, 2});
  CHECK(slots_opened_by(luks, stored).value().empty());
  CHECK(remove_replaced_slots(luks, {0, 2}, stored).error().code == Code::denied);
  CHECK(remove_replaced_slots(luks, {0, 2}, old).error().code == Code::refused);
  CHECK(luks.header().slots.size() == 2);

  // Not the slot that was written down for it: a later rotation chose another one.
  REQUIRE(luks.add_slot(old, stored, quick, 5));
  REQUIRE(remove_replaced_slots(luks, {0, 2}, stored));
  CHECK(slots_opened_by(luks, old).value().empty());
  CHECK(luks.header().slots.size() == 1);

  // Filled by somebody since.
  REQUIRE(luks.add_slot(stored, slot_secret("paper"), quick, 0));
  REQUIRE(luks.name_slot(0, "recovery"));
  REQUIRE(remove_replaced_slots(luks, {0, 2}, stored));
  CHECK(luks.has_slot(0));
}

TEST_CASE("a slot that was not tried for want of memory is told from one that does not open") {
  const SlotsFolder folder;
  const Secret both = slot_secret("in both");
  LuksDevice luks = formatted(folder, both);
  REQUIRE(luks.add_slot(both, both,
                        PassphraseCost{.memory_kib = 4096, .threads = 1, .milliseconds = 100}, 3));
  REQUIRE(luks.add_slot(both, slot_secret("another"), quick, 4));
  CHECK(test::alone([&]() -> std::string {
          if (!write_file("/mnt/meminfo", "MemAvailable: 2048 kB\n", 0644) ||
              ::mount("/mnt/meminfo", "/proc/meminfo", nullptr, MS_BIND, nullptr) != 0)
            return "no made-up memory";
          const Secret again = slot_secret("in both");  // no secret comes with a fork
          std::vector<int> untried;
          const auto opened = slots_opened_by(luks, again, &untried);
          if (!opened) return opened.error().why;
          if (*opened != std::vector<int>{0})
            return "it opens " + std::to_string(opened->size()) + " slots";
          return untried == std::vector<int>{3} ? "" : "another one was not tried";
        }) == "");
}

TEST_CASE("a slot has a mark of its own, which the next one of its number has not") {
  for (const bool luks1 : {false, true}) {
    INFO(luks1);
    const SlotsFolder folder;
    const Secret old = slot_secret("old one");
    LuksDevice luks = luks1 ? formatted_luks1(folder, old) : formatted(folder, old);
    REQUIRE(luks.add_slot(old, slot_secret("new one"), quick, 1));
    const std::string mark = luks.slot_mark(1);
    CHECK(mark.size() > 40);
    CHECK(mark != luks.slot_mark(0));
    CHECK(luks.slot_mark(2).empty());
    Unfinished work;
    CHECK_FALSE(is_another_slot(work, "new", 1, mark));
    note_slot_mark(work, "new", 1, mark);
    work = *parse_unfinished(encode(work));
    CHECK_FALSE(is_another_slot(work, "new", 1, luks.slot_mark(1)));
    REQUIRE(luks.remove_slot(1));
    CHECK(is_another_slot(work, "new", 1, luks.slot_mark(1)));
    REQUIRE(luks.add_slot(old, slot_secret("new one"), quick, 1));
    CHECK(is_another_slot(work, "new", 1, luks.slot_mark(1)));
  }
}

TEST_CASE("a recovery key has 8 groups of 5 characters that cannot be confused") {
  std::set<std::string> seen;
  std::set<char> used;
  for (int i = 0; i < 100; ++i) {
    const auto key = draw_recovery_key();
    REQUIRE(key);
    const std::string text(key->reveal().begin(), key->reveal().end());
    REQUIRE(text.size() == 47);
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (at % 6 == 5) {
        CHECK(text[at] == '-');
      } else {
        CHECK(std::string(recovery_alphabet).find(text[at]) != std::string::npos);
        used.insert(text[at]);
      }
    }
    CHECK(seen.insert(text).second);
  }
  CHECK(used.size() == 32);
  for (const char confusing : {'i', 'l', 'o', 'u'}) CHECK(used.count(confusing) == 0);
}

TEST_CASE("a backup is asked for when a key is newer than it, and not otherwise") {
  CHECK_FALSE(backup_overdue({}));
  CHECK_FALSE(backup_overdue({.newest_key = "2026-01-01 10:00:00Z",
                              .newest_backup = "2026-01-01 10:00:01Z",
                              .backup_file = "/b"}));
  const auto never = backup_overdue({.newest_key = "2026-01-01 10:00:00Z", .unsaved = true});
  REQUIRE(never);
  CHECK(never->what == "there is no backup of the keys and headers");
  CHECK(never->hint == "run: latchkey backup FILE");
  const auto old = backup_overdue({.newest_key = "2026-01-02 10:00:00Z",
                                   .newest_backup = "2026-01-01 10:00:00Z",
                                   .backup_file = "/media/usb/b",
                                   .unsaved = true});
  REQUIRE(old);
  CHECK(old->why.find("/media/usb/b") != std::string::npos);
}

TEST_CASE("what is remembered of keys and backups is read back; rubbish is refused") {
  const State state{.newest_key = "2026-01-02 10:00:00Z",
                    .newest_backup = "2026-01-01 10:00:00Z",
                    .backup_file = "/media/\"usb\"/b",
                    .unsaved = true};
  const auto back = parse_state(encode(state));
  REQUIRE(back);
  CHECK(*back == state);
  for (const char* rubbish : {"", "{}", "[1]", "{\"newest_key\": 3}"}) {
    const auto read = parse_state(rubbish);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Code::damaged);
  }
}

TEST_CASE("what counts is which came later, whatever the clock said; old files have only dates") {
  const SlotsFolder folder;
  const Paths paths = folder.paths();
  REQUIRE(note_new_key(paths));
  State state = *load_state(paths);
  state.newest_backup = "2099-01-01 10:00:00Z";
  REQUIRE(write_file(paths.etc("state.json"), encode(state), 0644));
  CHECK(backup_age(paths));
  REQUIRE(note_backup(paths, "/b"));
  state = *load_state(paths);
  state.newest_key = "2099-01-01 10:00:00Z";
  REQUIRE(write_file(paths.etc("state.json"), encode(state), 0644));
  CHECK_FALSE(backup_age(paths));
  const auto old = [](const std::string& key, const std::string& backup) {
    const auto read = parse_state(R"({"newest_key": ")" + key + R"(", "newest_backup": ")" +
                                  backup + R"(", "backup_file": ""})");
    REQUIRE(read);
    return backup_overdue(*read).has_value();
  };
  CHECK(old("2026-01-02 10:00:00Z", "2026-01-01 10:00:00Z"));
  CHECK(old("2026-01-02 10:00:00Z", ""));
  CHECK_FALSE(old("2026-01-01 10:00:00Z", "2026-01-01 10:00:00Z"));
  CHECK_FALSE(old("", ""));
}

TEST_CASE("a new key makes status ask for a backup, and a backup ends that") {
  const SlotsFolder folder;
  const Paths paths = folder.paths();
  CHECK_FALSE(backup_age(paths));
  REQUIRE(note_new_key(paths));
  CHECK(backup_age(paths));
  REQUIRE(note_backup(paths, "/media/usb/b"));
  CHECK_FALSE(backup_age(paths));
  CHECK(load_state(paths)->backup_file == "/media/usb/b");
}

TEST_CASE("a slot that needs more memory than there is keeps no other from opening") {
  const SlotsFolder folder;
  const Secret cheap = slot_secret("cheap one");
  const Secret costly = slot_secret("costly one");
  LuksDevice luks = formatted(folder, cheap);
  REQUIRE(luks.add_slot(cheap, costly,
                        PassphraseCost{.memory_kib = 4096, .threads = 1, .milliseconds = 1}));
  LuksSession session;
  const auto header = session.load({.device = folder.disk(), .name = "keys"});
  REQUIRE(header);
  REQUIRE(header->memory_kib == 4096);
  CHECK(session.activate(*header, nullptr, cheap, 0, 1024) == 0);
  CHECK(session.activate(*header, nullptr, costly, 0, 1024) == -ENOMEM);
  CHECK(session.activate(*header, nullptr, costly, 0, 4096) == 1);
  CHECK(session.activate(*header, nullptr, costly, 0, 0) == 1);
  CHECK(session.activate(*header, nullptr, slot_secret("no one"), 0, 4096) == -EPERM);
}
