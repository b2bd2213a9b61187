// SPDX-License-Identifier: GPL-3.0-or-later
// Commands that work in steps, killed between any two of them: they go on where they were, and
// meanwhile nothing is lost. What they print is in the tables of tests/README.md.
#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "vm/bare_guest.hpp"
#include "vm/kill_story.hpp"
#include "vm/slots.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

const std::string passphrase = Guests::bare_passphrase;

// What the kill table says of a point where the command was killed.
KillRow row_of(Machine& m, const std::string& step, const std::string& moment,
               const std::string& unfinished) {
  const std::string said = line_with(m.sh("latchkey status 2>&1 >/dev/null").output, unfinished);
  CHECK_FALSE(said.empty());
  return {step, moment, said, ""};
}

// An empty machine, with a snapshot of this name.
const std::string no_kernels = "login-without-kernels";

Machine& without_kernels() {
  Machine& m = guests().bare();
  m.load("login");
  hide_kernels(m);
  m.save(no_kernels);
  return m;
}

// Without a kernel it would not end well; with the last it is content with all but the images.
const std::string init_arguments =
    "system --size 32M --authorized-keys /root/.ssh/authorized_keys --keep-cryptroot";

}  // namespace

TEST_CASE("promise 6: init, killed between any two steps, goes on where it was", "[.slow]") {
  Machine& m = without_kernels();
  KillStory story;
  story.verb = "init";
  story.arguments = init_arguments;
  story.input = passphrase + "\n";
  story.snapshot = no_kernels;
  story.unfinished = "'init' of 'keys'";

  story.check = [](Machine& machine) {
    machine.must("latchkey mount-keys", passphrase + "\n");
    machine.must("latchkey umount-keys");
    CHECK(machine.must("lvs --noheadings -o lv_active,lv_tags system/encrypted-keys | xargs")
              .empty());
    CHECK(machine.must("ls /etc/latchkey/unfinished /etc/latchkey/hostkeys | grep -c dropbear") ==
          "2");
    CHECK(machine.must("find /etc/latchkey -path '*/unfinished/*'").empty());
  };
  prove_table(story.verb, kill_everywhere(m, story));
}

TEST_CASE("case 40: create-volume, killed between any two steps, goes on where it was", "[.slow]") {
  Machine& m = set_up();
  KillStory story;
  story.verb = "create-volume";
  story.arguments = new_logs;
  story.input = passphrase + "\n";
  story.snapshot = "set-up";
  story.unfinished = "'create-volume' of 'logs'";
  story.power_cuts = {"file-system"};
  story.check = check_logs;
  prove_table(story.verb, kill_everywhere(m, story));
}

TEST_CASE("promise 6: init makes a keys volume again that was removed after a kill", "[.slow]") {
  Machine& m = without_kernels();
  for (const std::string step : {"lv", "file-system"}) {
    INFO("removed after the step '" << step << "'");
    m.load(no_kernels);
    CHECK(m.sh("latchkey init --halt " + step + ":after " + init_arguments + "; exit $?",
               passphrase + "\n")
              .status == 137);
    m.must("lvremove -q -y system/encrypted-keys");
    const Done again = m.sh("latchkey init " + init_arguments, passphrase + "\n");
    INFO(again.output);
    CHECK(again.status == 0);
    m.must("latchkey mount-keys && latchkey umount-keys", passphrase + "\n");
  }
}

TEST_CASE("promise 6: resize-volume and remove-volume, killed between any two steps, go on",
          "[.slow]") {
  Machine& m = set_up();
  m.must("latchkey create-volume " + new_logs, passphrase + "\n");
  m.must("echo data > /srv/logs/file");
  m.save("with-logs");
  KillStory grow;
  grow.verb = "resize-volume";
  grow.arguments = "logs +64M";
  grow.input = passphrase + "\n";
  grow.snapshot = "with-logs";
  grow.unfinished = "'resize-volume' of 'logs'";
  grow.check = [](Machine& machine) {
    // By what was asked for, and not by more with every run.
    CHECK(machine.must("lvs --noheadings --nosuffix --units m -o lv_size system/encrypted-logs | "
                       "cut -d. -f1 | xargs") == "264");
    CHECK(std::stoi(machine.must("df -m --output=size /srv/logs | tail -1")) > 200);
    CHECK(machine.must("cat /srv/logs/file") == "data");
  };
  prove_table(grow.verb, kill_everywhere(m, grow));

  KillStory wipe;
  wipe.verb = "remove-volume";
  wipe.arguments = "logs --wipe --confirm logs";
  wipe.input = passphrase + "\n";
  wipe.snapshot = "with-logs";
  wipe.unfinished = "'remove-volume' of 'logs'";
  wipe.check = [](Machine& machine) {
    CHECK(machine.must("lvs --noheadings -o lv_name system | xargs") == "encrypted-keys");
    CHECK(machine.sh("grep -q '^logs' /etc/latchkey/volumes").status == 1);
    CHECK(machine.mappings().empty());
  };
  prove_table(wipe.verb, kill_everywhere(m, wipe));
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
    for (const std::string& when : kill_moments()) {
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
    CHECK(machine.must("lvchange -ay " + lv_of_keys + " && cryptsetup luksDump " + keys_device +
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
  story.power_cuts = {"configure", "remove-a"};
  story.between = [](Machine& machine) {
    machine.must("latchkey lock");
    const bool new_one = machine.must("cat /etc/latchkey/latchkey.conf").find("encrypted-keys-2") !=
                         std::string::npos;
    const Done opened =
        machine.sh("latchkey unlock", new_one ? next_passphrase : machine.passphrase());
    INFO(opened.output);
    CHECK(opened.status == 0);
  };
  story.check = check_rekeyed;
  prove_table(story.verb, kill_everywhere(m, story));
}
