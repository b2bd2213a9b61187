// SPDX-License-Identifier: GPL-3.0-or-later
// Passphrases, keys and the keys volume on the running system.
#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "vm/slots.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

void check_at_rest(Machine& m) {
  CHECK(m.count("dmsetup ls", "keys") == 0);
  CHECK(m.count("cat /proc/mounts", "keys") == 0);
  CHECK(m.must("lvm lvs --noheadings -o lv_active system/encrypted-keys | tr -d ' '").empty());
}

}  // namespace

TEST_CASE("several administrators have a passphrase each, and the last one stays") {
  Machine& m = guests().unlocked();
  m.must("latchkey add-passphrase alice", m.passphrase() + "\nalice has a long one\n");
  CHECK(opens(m, "alice has a long one"));
  CHECK(has(slots(m), "alice"));
  const Done own = m.sh("latchkey remove-passphrase alice", "alice has a long one\n");
  INFO(own.output);
  CHECK(own.status == exit_status(Code::refused));
  CHECK(has(own.output, "this is the passphrase that is to go"));
  m.must("latchkey remove-passphrase alice", m.passphrase());
  CHECK_FALSE(opens(m, "alice has a long one"));
  const Done last = m.sh("latchkey remove-passphrase --slot 0", m.passphrase());
  CHECK(last.status == exit_status(Code::refused));
  CHECK(opens(m, m.passphrase()));
  CHECK(has(m.sh("latchkey status").output, "latchkey backup FILE"));
}

TEST_CASE("Must 9: after a rekey the old keys volume and the old passphrase open nothing",
          "[.slow]") {
  Machine& m = guests().unlocked();
  keep_a_copy(m);
  CHECK(old_copy_opens(m, "a"));
  const Done done = m.sh("latchkey rekey", m.passphrase() + "\n" + next_passphrase + "\n");
  INFO(done.output);
  REQUIRE(done.status == 0);
  check_rekeyed(m);
  m.must("latchkey lock && latchkey unlock", next_passphrase);
  CHECK(m.must("ls /dev/mapper | grep -c '^cleartext-'") == "4");
}

TEST_CASE("a rekey leaves an editor's file where it is, and goes on after other commands",
          "[.slow]") {
  Machine& m = guests().unlocked();
  keep_a_copy(m);
  m.must(
      "latchkey -q mount-keys --write && echo swap > /run/latchkey/keys/.note.swp && "
      "echo half > /run/latchkey/keys/.system-a.key.new && latchkey -q umount-keys",
      m.passphrase());
  const Done cut =
      killed(m, "rekey --halt configure:after", m.passphrase() + "\n" + next_passphrase + "\n");
  REQUIRE(cut.status == 137);
  // Its keys are on the new volume already, and no step of the rekey is about them.
  m.must("latchkey create-volume system fresh 64M /srv/fresh ext4", next_passphrase);
  m.must("latchkey rotate-key b", next_passphrase);
  const Done done = m.sh("latchkey rekey", next_passphrase);
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK(has(done.output, "stays, for it holds '.note.swp'"));
  CHECK_FALSE(has(done.output, ".system-a.key.new"));
  for (const std::string volume : {"a", "b", "c", "d"}) {
    CHECK_FALSE(old_copy_opens(m, volume));
    CHECK(m.must("cryptsetup luksDump /dev/system/encrypted-" + volume + " | grep -c ': luks2'") ==
          "1");
  }
  const std::string checked = m.sh("latchkey check --with-keys --verbose", next_passphrase).output;
  for (const std::string volume : {"a", "b", "c", "d", "fresh"})
    CHECK(has(checked, "the key of '" + volume + "' opens its key slot"));
}

TEST_CASE("a rotation warns of snapshots, and is refused while one waits to be merged back",
          "[.slow]") {
  Machine& m = guests().unlocked_without_images();
  m.must("lvcreate -q -s -L 16M -n before system/encrypted-b");
  const Done warned = m.sh("latchkey rotate-key b", m.passphrase());
  INFO(warned.output);
  CHECK(warned.status == 0);
  CHECK(has(warned.output, "'b' has snapshots, with its keys of before: before"));
  CHECK(key_opens(m, "b"));
  // Of a volume that is open it takes place at the next activation.
  m.must("lvconvert -q --merge system/before");
  const Done refused = m.sh("latchkey rotate-key b", m.passphrase());
  INFO(refused.output);
  CHECK(refused.status == exit_status(Code::refused));
  CHECK(has(refused.output, "a snapshot is being merged back into system/encrypted-b"));
  CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());
}

TEST_CASE("a recovery key opens what it is for, and a new one takes its place") {
  Machine& m = guests().unlocked();
  const std::string test = "cryptsetup open --test-passphrase --key-file - /dev/system/encrypted-b";
  const std::string first = m.must("latchkey -q recovery-key b 2>/dev/null", m.passphrase());
  REQUIRE(first.size() == 47);
  CHECK(m.sh(test, first).status == 0);
  const std::string second = m.must("latchkey -q recovery-key b 2>/dev/null", m.passphrase());
  CHECK(m.sh(test, second).status == 0);
  CHECK(m.sh(test, first).status != 0);
  CHECK(key_opens(m, "b"));
}

TEST_CASE("case 36: an inspection of the keys volume closes by itself") {
  Machine& m = guests().unlocked();
  // The session ends although the keeper goes on.
  const std::string where = m.must("latchkey -q mount-keys --for 30s", m.passphrase());
  CHECK(where == "/run/latchkey/keys/");
  CHECK(has(m.must("ls " + where), "system-a.key"));
  CHECK(m.count("cat /proc/mounts", "keys") == 0);
  CHECK(m.sh("touch " + where + "x").status != 0);
  CHECK(has(m.must("dmsetup info cleartext-keys"), "(READ-ONLY)"));
  // ST_RDONLY, ST_NOSUID, ST_NODEV and ST_NOEXEC of statfs(2): the mount is in no table.
  CHECK(m.must("perl -e '$b = \"\\0\" x 120; syscall(137, $ARGV[0], $b) == 0 or die; "
               "print((unpack(\"q15\", $b))[10] & 15)' " +
               where) == "15");
  CHECK(has(m.sh("latchkey status").output, "run: latchkey umount-keys"));
  m.until("test ! -e /run/latchkey/keeper", 120s);
  check_at_rest(m);
}

TEST_CASE("umount-keys names who uses the keys volume, and closes it when nobody does") {
  Machine& m = guests().unlocked();
  m.must("latchkey -q mount-keys", m.passphrase());
  m.must(
      "cd /run/latchkey/keys/ && (setsid tail -f /dev/null >/dev/null 2>&1 & echo $! > "
      "/run/user-pid)");
  const Done busy = m.sh("latchkey umount-keys");
  INFO(busy.output);
  CHECK(busy.status == exit_status(Code::busy));
  CHECK(has(busy.output, "tail (pid "));
  m.must("kill $(cat /run/user-pid)");
  m.until("latchkey -q umount-keys");
  check_at_rest(m);
}

TEST_CASE("lock closes the keys volume that somebody looks into, or says who uses it") {
  Machine& m = guests().unlocked();
  m.must("latchkey -q mount-keys", m.passphrase());
  m.must("cd /run/latchkey/keys/ && { setsid tail -f /dev/null >/dev/null 2>&1 & }");
  const Done busy = m.sh("latchkey lock");
  INFO(busy.output);
  CHECK(busy.status == exit_status(Code::busy));
  CHECK(has(busy.output, "cannot close the keys volume: it is used by tail (pid "));
  CHECK_FALSE(has(busy.output, "everything is closed"));
  m.must("pkill -x tail");
  m.until("latchkey -q lock");
  CHECK(m.mappings().empty());
}

TEST_CASE("an unlock ends an inspection of the keys volume") {
  Machine& m = guests().unlocked();
  m.must("latchkey lock");
  m.must("latchkey -q mount-keys", m.passphrase());
  m.must("latchkey unlock", m.passphrase());
  m.must("test ! -e /run/latchkey/keeper");
  check_at_rest(m);
}

TEST_CASE(
    "case 29: 300 characters, and UTF-8 however it is composed, open the volumes in early boot",
    "[.slow]") {
  Machine& m = guests().unlocked();
  std::string longer;
  for (int i = 0; i < 60; ++i) longer += "w" + std::to_string(1000 + i);
  m.must("latchkey add-passphrase longer", m.passphrase() + "\n" + longer + "\n");
  // zq7é in Cyrillic company; typed with the letter and its accent apart.
  const Done warned =
      m.sh("latchkey add-passphrase utf8",
           m.passphrase() +
               "\nzq7e\xcc\x81 \xd0\xba\xd0\xbb\xd1\x8e\xd1\x87 und noch drei Worte mehr\n");
  INFO(warned.output);
  CHECK(warned.status == 0);
  CHECK(has(warned.output, "beyond ASCII"));
  m.reboot();
  m.wait_early();
  m.save("two-more");
  const std::string apart =
      "zq7e\xcc\x81 \xd0\xba\xd0\xbb\xd1\x8e\xd1\x87 und noch drei Worte mehr";
  const std::string composed =
      "zq7\xc3\xa9 \xd0\xba\xd0\xbb\xd1\x8e\xd1\x87 und noch drei Worte mehr";
  for (const std::string& typed : {longer, apart, composed}) {
    m.load("two-more");
    CHECK(m.early("", typed.substr(0, typed.size() - 1)).status == exit_status(Code::denied));
    const Done done = m.early("", typed);
    INFO(done.output);
    CHECK(done.status == 0);
  }
}
