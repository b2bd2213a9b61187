// SPDX-License-Identifier: GPL-3.0-or-later
// Passphrases, keys and the keys volume on the running system.
#include "core/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "vm/kill_story.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

const std::string device = "/dev/system/encrypted-keys";

// Whether a passphrase opens the keys volume, asked of cryptsetup.
bool opens(Machine& m, const std::string& passphrase) {
  m.must("lvm lvchange -ay system/encrypted-keys");
  return m.sh("cryptsetup open --test-passphrase --key-file - " + device, passphrase).status == 0;
}

std::string slots(Machine& m) { return m.must("latchkey -q remove-passphrase"); }

void check_at_rest(Machine& m) {
  CHECK(m.count("dmsetup ls", "keys") == 0);
  CHECK(m.count("cat /proc/mounts", "keys") == 0);
  CHECK(m.must("lvm lvs --noheadings -o lv_active system/encrypted-keys | tr -d ' '").empty());
}

// In a shell of its own, so that it ends by the signal and not the ssh session.
Done killed(Machine& m, const std::string& command, const std::string& input) {
  return m.sh("latchkey " + command + "; exit $?", input);
}

// The key file opens its volume, whatever was interrupted.
bool key_opens(Machine& m, const std::string& volume, const std::string& lv = {}) {
  m.must("latchkey -q mount-keys", m.passphrase());
  const Done done = m.sh("cryptsetup open --test-passphrase --key-file /run/latchkey/keys/system-" +
                         volume + ".key " + (lv.empty() ? "/dev/system/encrypted-" + volume : lv));
  m.must("latchkey -q umount-keys");
  return done.status == 0;
}

// What the kill table says of a point where the command was killed.
KillRow row_of(Machine& m, const std::string& step, const std::string& moment,
               const std::string& unfinished) {
  const std::string said = line_with(m.sh("latchkey status 2>&1 >/dev/null").output, unfinished);
  CHECK_FALSE(said.empty());
  return {step, moment, said, ""};
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

TEST_CASE(
    "a change of the passphrase, killed anywhere: the old or the new one opens, and it is "
    "finished by either",
    "[.slow]") {
  Machine& m = guests().unlocked();
  std::string now = m.passphrase();
  int turn = 0;
  KillStory story;
  story.verb = "change-passphrase";
  std::vector<KillRow> rows;
  for (const std::string& step : steps_of(m, story))
    for (const std::string when : {"after"}) {
      const std::string next = "passphrase number " + std::to_string(++turn);
      INFO(step << ":" << when);
      const Done cut =
          killed(m, "change-passphrase --halt " + step + ":" + when, now + "\n" + next + "\n");
      REQUIRE(cut.status == 137);
      rows.push_back(row_of(m, step, when, "'change-passphrase' of 'keys'"));
      const bool old_opens = opens(m, now);
      CHECK((old_opens || opens(m, next)));
      // By turns with the old one, where it still opens, and the new one.
      const bool with_old = old_opens && (turn % 2 == 0 || !opens(m, next));
      // A script that runs anew gives the old one first, though it may open nothing any more.
      const Done again =
          m.sh("latchkey change-passphrase", with_old    ? now + "\n" + next + " afresh\n"
                                             : old_opens ? next + "\n"
                                                         : now + "\n" + next + "\n");
      INFO(again.output);
      CHECK(again.status == 0);
      rows.back().did = "ends with " + std::to_string(again.status);
      CHECK_FALSE(opens(m, now));
      now = with_old ? next + " afresh" : next;
      CHECK(opens(m, now));
      // One slot; or one more, which may be somebody else's as far as the next run knows.
      const bool doubtful = step == "add" && with_old;
      CHECK((slots(m).find('\n') != std::string::npos) == doubtful);
      if (doubtful) {
        CHECK(has(again.output, "was left as it is"));
        m.must("latchkey remove-passphrase --slot 1", now + "\n");
      }
    }
  prove_table(story.verb, rows);
}

TEST_CASE("a rotation of a key, killed anywhere: the key file opens the volume at every moment",
          "[.slow]") {
  Machine& m = guests().unlocked();
  KillStory story;
  story.verb = "rotate-key";
  story.arguments = "a";
  story.input = m.passphrase();
  story.snapshot = "unlocked";
  story.unfinished = "'rotate-key' of 'a'";
  story.power_cuts = {"rename"};
  // Before the command is run again, too.
  story.between = [](Machine& machine) { CHECK(key_opens(machine, "a")); };
  story.check = [](Machine& machine) {
    CHECK(key_opens(machine, "a"));
    CHECK(machine.must("cryptsetup luksDump /dev/system/encrypted-a | grep -c ': luks2'") == "1");
  };
  prove_table(story.verb, kill_everywhere(m, story));
}

TEST_CASE("promise 6: adopt, add-passphrase and recovery-key, killed anywhere, go on", "[.slow]") {
  Machine& m = guests().unlocked();
  const std::string lv = "/dev/system/plain";
  m.must(
      "lvcreate -q -L 64M -n plain system && printf elsewhere | cryptsetup luksFormat -q --type "
      "luks1 "
      "--pbkdf-force-iterations 1000 " +
      lv + " - && printf elsewhere | cryptsetup open " + lv +
      " other-name - && mkfs.ext4 -q /dev/mapper/other-name");
  // So that no image is built: in a guest without KVM one takes minutes.
  m.must("mount -t tmpfs tmpfs /boot");
  m.save("foreign");
  KillStory adopt;
  adopt.verb = "adopt";
  adopt.arguments = "system plain /srv/plain ext4";
  adopt.input = m.passphrase() + "\nelsewhere\n";
  adopt.snapshot = "foreign";
  adopt.unfinished = "'adopt' of 'plain'";
  adopt.check = [lv](Machine& machine) {
    // Open all the time under its owner's name, and beside its own slot there is one.
    CHECK(machine.must("findmnt -no SOURCE /srv/plain") == "/dev/mapper/other-name");
    CHECK(machine.must("cryptsetup luksDump " + lv + " | grep -c ENABLED") == "2");
    CHECK(key_opens(machine, "plain", lv));
    CHECK(machine.sh("printf elsewhere | cryptsetup open --test-passphrase " + lv).status == 0);
  };
  prove_table(adopt.verb, kill_everywhere(m, adopt));

  KillStory add;
  add.verb = "add-passphrase";
  add.arguments = "bob";
  add.input = m.passphrase() + "\nbob has another long one\n";
  add.snapshot = "foreign";
  add.unfinished = "'add-passphrase' of 'keys'";
  add.check = [](Machine& machine) {
    CHECK(opens(machine, "bob has another long one"));
    CHECK(has(slots(machine), "bob"));
    // The same passphrase came again: the slot of the run that was killed is taken for done.
    // Its LV rests while nobody needs it.
    const std::string lv_of_keys = "system/encrypted-keys";
    CHECK(machine.must("lvchange -ay " + lv_of_keys + " && cryptsetup luksDump " + device +
                       " | grep -c ': luks2'; lvchange -an " + lv_of_keys) == "2");
  };
  prove_table(add.verb, kill_everywhere(m, add));

  KillStory recovery;
  recovery.verb = "recovery-key";
  recovery.arguments = "a";
  recovery.input = m.passphrase();
  recovery.snapshot = "foreign";
  recovery.unfinished = "'recovery-key' of 'a'";
  recovery.check_said = [](Machine& machine, const std::string& said) {
    CHECK(key_opens(machine, "a"));
    // A kill right behind the adding leaves the slot of a key that nobody has seen; whose it
    // is nothing tells, so it stays and is named.
    const bool left = has(said, "was left as it is");
    if (left) CHECK(has(said, "cryptsetup luksKillSlot /dev/mapper/system-encrypted--a "));
    CHECK(machine.must("cryptsetup luksDump /dev/system/encrypted-a | grep -c ': luks2'") ==
          (left ? "3" : "2"));
  };
  prove_table(recovery.verb, kill_everywhere(m, recovery));
}

namespace {

const std::string next_passphrase = "quite another one for rekey";

// What a former administrator has: the keys volume as it was. Gives whether its keys open
// the volume, by a copy and the passphrase of then.
bool old_copy_opens(Machine& m, const std::string& volume) {
  const Done done = m.sh(
      "set -e; loop=$(losetup -f --show /root/old-keys.img); "
      "cryptsetup open --key-file - $loop old-keys; mount -o ro,noload /dev/mapper/old-keys /mnt; "
      "r=0; cryptsetup open --test-passphrase --key-file /mnt/system-" + volume +
          ".key /dev/system/encrypted-" + volume + " || r=77; "
      "umount /mnt; cryptsetup close old-keys; losetup -d $loop; exit $r",
      m.passphrase());
  INFO(done.output);
  CHECK((done.status == 0 || done.status == 77));
  return done.status == 0;
}

void keep_a_copy(Machine& m) {
  m.must("latchkey -q mount-keys --write && echo mine > /run/latchkey/keys/note && "
         "latchkey -q umount-keys", m.passphrase());
  m.must("lvm lvchange -ay system/encrypted-keys && "
         "dd if=/dev/system/encrypted-keys of=/root/old-keys.img bs=1M status=none && "
         "lvm lvchange -an system/encrypted-keys");
  // So that no image is built: in a guest without KVM one takes minutes.
  m.must("mount -t tmpfs tmpfs /boot");
}

void check_rekeyed(Machine& m) {
  CHECK(m.must("lvm lvs --noheadings -o lv_name system | grep keys | tr -d ' '") ==
        "encrypted-keys-2");
  CHECK(m.must("lvm lvs --noheadings -o lv_active,lv_tags system/encrypted-keys-2 | tr -d ' '")
            .empty());
  CHECK(m.count("cat /proc/mounts", "keys") == 0);
  for (const std::string volume : {"a", "b", "c", "d"}) {
    CHECK_FALSE(old_copy_opens(m, volume));
    CHECK(m.must("cryptsetup luksDump /dev/system/encrypted-" + volume + " | grep -c ': luks2'") ==
          "1");
  }
  CHECK(m.sh("latchkey mount-keys", m.passphrase()).status == exit_status(Code::denied));
  m.must("latchkey -q mount-keys", next_passphrase);
  CHECK(m.must("cat /run/latchkey/keys/note") == "mine");
  m.must("latchkey -q umount-keys");
  for (const std::string volume : {"a", "b", "c", "d"})
    CHECK(has(m.sh("latchkey check --with-keys --verbose", next_passphrase).output,
              "the key of '" + volume + "' opens its key slot"));
}

}  // namespace

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

TEST_CASE("Must 9: a rekey, killed anywhere, goes on; all the time one keys volume opens all",
          "[.slow]") {
  Machine& m = guests().unlocked();
  keep_a_copy(m);
  m.save("copied");
  KillStory story;
  story.verb = "rekey";
  story.input = m.passphrase() + "\n" + next_passphrase + "\n";
  story.snapshot = "copied";
  story.unfinished = "'rekey' of 'keys'";
  story.between = [](Machine& machine) {
    machine.must("latchkey lock");
    const bool new_one = machine.must("cat /etc/latchkey/latchkey.conf").find("encrypted-keys-2") !=
                         std::string::npos;
    const Done opened = machine.sh("latchkey unlock",
                                   new_one ? next_passphrase : machine.passphrase());
    INFO(opened.output);
    CHECK(opened.status == 0);
  };
  story.check = check_rekeyed;
  prove_table(story.verb, kill_everywhere(m, story));
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
