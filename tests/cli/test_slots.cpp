// SPDX-License-Identifier: GPL-3.0-or-later
// The commands on the keys volume's slots, on a header in a loop device. Needs root and loop
// devices; without them nothing is proved here.
#include <unistd.h>

#include <algorithm>

#include "cli/keys_header.hpp"
#include "support/child.hpp"
#include "support/loop_disk.hpp"
#include "support/terminal.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/luks/key_slots.hpp"
#include "sys/luks/luks.hpp"
#include "sys/storage/dm.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

// What a command lists as its steps for `data`, or for `far`, whose header is in a file.
std::string steps_of(const std::string& command, const std::string& volume) {
  const Place place;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-vg/keys\"\n");
  place.put("etc/latchkey/volumes",
            "data no-such-vg/data /srv/no-such-data ext4\n"
            "far no-such-vg/far /srv/no-such-far ext4 x-latchkey.header=/etc/far.luks\n");
  return run_program({LATCHKEY_PROGRAM, "--root", place.path(), command, "--halt", "list", volume})
      .output;
}

}  // namespace

TEST_CASE("recovery-key keeps the slot that was opened by what was typed, whatever its name") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  keys.add(1, "on paper", "recovery");
  keys.add(2, "older paper", "recovery");
  const Done done = keys.run({"recovery-key", "keys"}, "on paper\n");
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK(contains(done.output, "latchkey remove-passphrase --slot 1"));
  CHECK(contains(done.output,
                 "type it as the passphrase, in early boot or for release-services; "
                 "by hand: cryptsetup open " +
                     keys.device() + " cleartext-keys\n"));
  CHECK(keys.opened_by("on paper") == std::vector<int>{1});
  CHECK(keys.opened_by("older paper").empty());
}

TEST_CASE("a recovery key that was printed stays in force when the run is killed right after it") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  keys.add(1, "older paper", "recovery");
  const auto killed = [&](const std::string& where) {
    const Done done = keys.run_in_shell({"recovery-key", "keys", "--halt", where}, "first one\n");
    INFO(done.output);
    CHECK(done.status == 137);
    const std::size_t at = done.output.find("-");
    REQUIRE(at != std::string::npos);
    const std::size_t line = done.output.rfind('\n', at) + 1;
    return done.output.substr(line, done.output.find('\n', at) - line);
  };
  const std::string printed = killed("remove:before");
  CHECK(keys.opened_by(printed).size() == 1);
  const Done done = keys.run({"recovery-key", "keys"}, "first one\n");
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK(contains(done.output, "that the interrupted run printed stays the one in force"));
  CHECK_FALSE(contains(done.output, "write it down now"));
  CHECK(keys.opened_by(printed).size() == 1);
  CHECK(keys.opened_by("older paper").empty());

  // Printed, but not noted so.
  const std::string lost = killed("print:after");
  CHECK(keys.opened_by(lost).size() == 1);
  const Done again = keys.run({"recovery-key", "keys"}, "first one\n");
  INFO(again.output);
  CHECK(again.status == 0);
  CHECK(contains(again.output, "a recovery key that was printed before is void"));
  CHECK(contains(again.output, "write it down now"));
  CHECK(keys.opened_by(lost).empty());
  CHECK(keys.luks().header().slots.size() == 2);
}

TEST_CASE("a piped passphrase that was set with the end of its line is taken, a new one without") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  keys.add(1, "from a file\n");
  const Done done = keys.run({"change-passphrase", "--accept-weak"}, "from a file\nfresh one\n");
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK(keys.opened_by("from a file\n").empty());
  CHECK(keys.opened_by("fresh one").size() == 1);
}

TEST_CASE("change-passphrase names no passphrase as a recovery key, and every slot that stays") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  keys.add(1, "on paper", "recovery");
  keys.add(2, "on paper", "bob");
  const Done done =
      keys.run({"change-passphrase", "--accept-weak"}, "on paper\nsomething else entirely\n");
  INFO(done.output);
  CHECK(done.status == exit_status(Code::partial));
  CHECK(contains(done.output, "'bob' (slot 2)"));
  CHECK_FALSE(contains(done.output, "opens the keys volume no more"));
  CHECK(keys.opened_by("on paper") == std::vector<int>{2});
  const auto fresh = keys.opened_by("something else entirely");
  REQUIRE(fresh.size() == 1);
  CHECK(keys.luks().slot_names() == std::map<int, std::string>{{2, "bob"}});
}

TEST_CASE("remove-passphrase claims nothing of a passphrase that is in another slot too") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  keys.add(1, "twice here", "alice");
  keys.add(2, "twice here", "bob");
  const Done done = keys.run({"remove-passphrase", "alice"}, "twice here\n");
  INFO(done.output);
  CHECK(done.status == exit_status(Code::partial));
  CHECK(contains(done.output, "'bob' (slot 2)"));
  CHECK(keys.opened_by("twice here") == std::vector<int>{2});
}

TEST_CASE("remove-passphrase tells the passphrase that is to go from a wrong one") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  keys.add(1, "of alice", "alice");
  const Done own = keys.run({"remove-passphrase", "alice"}, "of alice\n");
  INFO(own.output);
  CHECK(own.status == exit_status(Code::refused));
  CHECK(contains(own.output, "this is the passphrase that is to go"));
  const Done wrong = keys.run({"remove-passphrase", "alice"}, "of nobody\n");
  INFO(wrong.output);
  CHECK(wrong.status == exit_status(Code::denied));
  CHECK(keys.luks().has_slot(1));
}

TEST_CASE("case 32: remove-passphrase tries no slot that wants more memory than there is") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  keys.add(1, "of alice", "alice");
  keys.add(2, "of bob", "bob");
  keys.make_costly(1);
  keys.make_costly(2);
  const std::string scarce = "its key slot needs 256 MiB of memory and 100 MiB are free";
  const Done none = keys.run_tight({"remove-passphrase", "alice"}, "of bob\n");
  INFO(none.output);
  CHECK(none.status == exit_status(Code::memory));
  CHECK(contains(none.output, "nothing was removed"));
  CHECK(contains(none.output, scarce));
  CHECK(keys.luks().has_slot(1));
  const Done done = keys.run_tight({"remove-passphrase", "alice"}, "first one\n");
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK(contains(done.output, "whether it was the one that you typed was not tried: " + scarce));
  CHECK_FALSE(keys.luks().has_slot(1));
}

TEST_CASE("recovery-key brings the images' copy of a header in a file up to date") {
  if (!is_root()) return;
  const auto steps = [](const std::string& volume) { return steps_of("recovery-key", volume); };
  INFO(steps("far"));
  CHECK(contains(steps("far"), "\nremove\nheader-copy\nnote\n"));
  CHECK_FALSE(contains(steps("data"), "header-copy"));
}

TEST_CASE(
    "rotate-key: images know a header in a file before the new key takes the old one's place") {
  if (!is_root()) return;
  const auto steps = [](const std::string& volume) { return steps_of("rotate-key", volume); };
  INFO(steps("far"));
  CHECK(contains(steps("far"), "\nprove\nimage\nrename\nremove\nheader-copy\nnote\n"));
  CHECK(contains(steps("data"), "\nprove\nrename\nremove\nnote\n"));
}

TEST_CASE("a killed add-passphrase or change-passphrase is gone on with by the same words") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  const std::string words = "first one\nanother long one\n";
  const auto killed = [&](std::vector<std::string> command) {
    command.insert(command.end(), {"--halt", "add:after"});
    CHECK(keys.run_in_shell(command, words).status == 137);
    CHECK(keys.luks().header().slots.size() == 2);
  };
  killed({"add-passphrase", "bob", "--accept-weak"});
  const Done other =
      keys.run({"add-passphrase", "bob", "--accept-weak"}, "first one\nyet another long one\n");
  INFO(other.output);
  CHECK(
      contains(other.output, "hint: when nobody needs it: latchkey remove-passphrase --slot 1\n"));
  LuksDevice header = keys.luks();
  REQUIRE(header.remove_slot(2));
  REQUIRE(header.remove_slot(1));

  killed({"add-passphrase", "bob", "--accept-weak"});
  const Done added = keys.run({"add-passphrase", "bob", "--accept-weak"}, words);
  INFO(added.output);
  CHECK(added.status == 0);
  CHECK_FALSE(contains(added.output, "was left as it is"));
  CHECK(keys.luks().slot_names() == std::map<int, std::string>{{1, "bob"}});
  header = keys.luks();
  REQUIRE(header.remove_slot(1));

  killed({"change-passphrase", "--accept-weak"});
  const Done changed = keys.run({"change-passphrase", "--accept-weak"}, words);
  INFO(changed.output);
  CHECK(changed.status == 0);
  CHECK_FALSE(contains(changed.output, "was left as it is"));
  CHECK(keys.luks().header().slots.size() == 1);
  CHECK(keys.opened_by("another long one") == std::vector<int>{1});
}

TEST_CASE("a prompt of backup keeps no unlock waiting, also after a wrong passphrase") {
  const KeysHeader keys;
  // Without device-mapper no passphrase is tried.
  if (!keys.usable_here()) return;
  if (!kernel_has_target("crypt") && !skip("dm-crypt is not loaded")) return;
  const Fd terminal = new_terminal();
  const Fd its_end = other_end(terminal);
  const std::string file = keys.place().path("saved");
  Child child({LATCHKEY_PROGRAM, "--root", keys.place().path(), "backup", file, "--passphrase-fd",
               std::to_string(its_end.get())});
  const auto unlock_could_begin = [&] {
    return static_cast<bool>(LockFile::take(keys.place().path("run/latchkey/unlock.lock"),
                                            "an unlock", std::chrono::seconds(0)));
  };
  child.expect("passphrase of the keys volume");
  CHECK(unlock_could_begin());
  REQUIRE(write_all(terminal.get(), std::string_view("a wrong one\n")));
  child.expect("2 more tries");
  child.expect("passphrase of the keys volume");
  CHECK(unlock_could_begin());
  // What came to be meanwhile is not written over.
  keys.place().put("saved", "another backup");
  REQUIRE(write_all(terminal.get(), std::string_view("a wrong one again\n")));
  const int status = child.wait();
  INFO(child.output());
  CHECK(status == exit_status(Code::refused));
  CHECK(contains(child.output(), "it is there already"));
}

TEST_CASE("a prompt of change-passphrase keeps no unlock waiting") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  const Fd terminal = new_terminal();
  const Fd its_end = other_end(terminal);
  Child child({LATCHKEY_PROGRAM, "--root", keys.place().path(), "change-passphrase",
               "--accept-weak", "--passphrase-fd", std::to_string(its_end.get())});
  const auto unlock_could_begin = [&] {
    return static_cast<bool>(LockFile::take(keys.place().path("run/latchkey/unlock.lock"),
                                            "an unlock", std::chrono::seconds(0)));
  };
  child.expect("current passphrase");
  CHECK(unlock_could_begin());
  // The other lock names who holds it.
  const auto other = LockFile::take(keys.place().path("run/latchkey/setup.lock"), "somebody",
                                    std::chrono::seconds(0));
  REQUIRE_FALSE(other);
  CHECK(contains(other.error().why, "change-passphrase"));
  REQUIRE(write_all(terminal.get(), std::string_view("first one\n")));
  child.expect("new passphrase");
  CHECK(unlock_could_begin());
  REQUIRE(write_all(terminal.get(), std::string_view("another long one\n")));
  child.expect("once more");
  CHECK(unlock_could_begin());
  REQUIRE(write_all(terminal.get(), std::string_view("another long one\n")));
  const int status = child.wait();
  INFO(child.output());
  CHECK(status == 0);
  CHECK(keys.opened_by("first one").empty());
  CHECK(keys.opened_by("another long one").size() == 1);
}

TEST_CASE("a closed stdin or stdout is not replaced by a lock") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  for (const char* nowhere : {">&-", ">/dev/null"}) {
    const Done printed = keys.run_in_shell({"recovery-key", "keys"}, "first one\n", nowhere);
    INFO(printed.output);
    CHECK(printed.status == exit_status(Code::usage));
    CHECK(contains(printed.output, "stdout is closed or /dev/null: nobody would see it"));
  }
  CHECK_FALSE(keys.luks().has_slot(1));
  const Done typed = keys.run_in_shell({"change-passphrase"}, "", "<&-");
  INFO(typed.output);
  CHECK(typed.status == exit_status(Code::usage));
  CHECK(contains(typed.output, "the input has ended"));
  // The lock says who took it last, and nothing else.
  const auto lock = read_file(keys.place().path("run/latchkey/setup.lock"));
  REQUIRE(lock);
  CHECK(lock->find("change-passphrase") != std::string::npos);
  CHECK(std::count(lock->begin(), lock->end(), '\n') == 1);
}

TEST_CASE("a change of the passphrase that came back with an old /etc removes nobody else's") {
  for (const bool marked : {true, false}) {
    INFO(marked);
    const KeysHeader keys;
    if (!keys.usable_here()) return;
    const std::string note = "etc/latchkey/unfinished/keys.json";
    const Done cut =
        keys.run_in_shell({"change-passphrase", "--accept-weak", "--halt", "remove:before"},
                          "first one\nanother long one\n");
    INFO(cut.output);
    REQUIRE(cut.status == 137);
    auto old = read_file(keys.place().path(note));
    REQUIRE(old);
    REQUIRE(contains(*old, "\"old#0\""));
    // As an older release wrote it.
    for (std::size_t at = 0; !marked && (at = old->find('#')) != std::string::npos;)
      (*old)[at] = '-';
    REQUIRE(keys.run({"change-passphrase"}, "another long one\n").status == 0);
    REQUIRE(keys.run({"add-passphrase", "alice", "--accept-weak"},
                     "another long one\nalice has a long one\n")
                .status == 0);
    REQUIRE(keys.opened_by("alice has a long one") == std::vector<int>{0});

    keys.place().put(note, *old);
    const Done again = keys.run({"change-passphrase"}, "another long one\n");
    INFO(again.output);
    CHECK(again.status == 0);
    CHECK(contains(again.output, "'alice' (slot 0) was left as it is"));
    CHECK(keys.opened_by("alice has a long one") == std::vector<int>{0});
  }
}

TEST_CASE("an addition that came back with an old /etc removes and names nobody else's slot") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  const std::string note = "etc/latchkey/unfinished/keys.json";
  const std::string words = "first one\nbob has a long one\n";
  REQUIRE(
      keys.run_in_shell({"add-passphrase", "bob", "--accept-weak", "--halt", "prove:after"}, words)
          .status == 137);
  const auto old = read_file(keys.place().path(note));
  REQUIRE(old);
  REQUIRE(keys.run({"add-passphrase", "bob", "--accept-weak"}, words).status == 0);
  REQUIRE(keys.run({"remove-passphrase", "bob"}, "first one\n").status == 0);
  keys.add(1, "by hand", "");
  keys.place().put(note, *old);
  const Done again = keys.run({"add-passphrase", "bob", "--accept-weak"}, words);
  INFO(again.output);
  CHECK(again.status == 0);
  CHECK(contains(again.output, "key slot 1 was left as it is"));
  CHECK(contains(again.output, "it is not the one any more that 'add-passphrase' made"));
  CHECK(keys.opened_by("by hand") == std::vector<int>{1});
  CHECK(keys.luks().slot_names() == std::map<int, std::string>{{2, "bob"}});
}
