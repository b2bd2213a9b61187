// SPDX-License-Identifier: GPL-3.0-or-later
// kill -9 of the unlocker in the middle of an unlock, in early boot and on the
// running system: the keys volume closes without anyone's help, and the
// passphrase again leads to the same end state.
#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// True when a mapping of this name is there, for the guest's shell.
const std::string keys_are_open = "grep -qsx cleartext-keys /sys/block/dm-*/dm/name";

struct Moment {
  const char* name;
  std::string condition;
};

const std::vector<Moment> moments{
    {"the workers run", "[ $(pgrep -cx latchkey) -ge 6 ]"},
    {"the keys volume is open", keys_are_open},
    {"the first data volume is open", "ls /dev/mapper | grep -q cleartext-[abcd]"},
};

}  // namespace

TEST_CASE("kill -9 of everything at five moments of early boot, and the sixth try boots",
          "[.slow]") {
  Machine m("test-killer",
            {"--volumes", "a,b,c,d", "--memory", "768", "--script",
             LATCHKEY_SOURCE_DIR "/tests/vm/guest/killer"});
  // Each kill ends the session and Dropbear too: both come back by themselves. When
  // the last one came after the last volume was open, no sixth answer is needed: the
  // new coordinator finds them open and lets the boot go on.
  wait_until(
      [&] {
        const Done done = m.early("", m.passphrase());
        return has(done.output, "the boot goes on") || has(m.console(), "guest login:");
      },
      "an unlock that nobody kills", 300s);
  m.wait_login();
  const std::string log = m.console();
  for (const char* moment : {"1", "2", "3", "4", "5"})
    CHECK(has(log, "test-killer: moment " + std::string(moment) + ": closed"));
  CHECK_FALSE(has(log, "LEFT OPEN"));
  m.until("systemctl is-active --quiet latchkey-release");
  for (const std::string volume : {"a", "b", "c", "d"})
    CHECK(m.must("cat /srv/" + volume + "/marker") == volume);
  CHECK(m.sh("pgrep -f '[d]ropbear|[l]atchkey-unlock|[u]dhcpc'").status == 1);
}

// What a kill between two steps of device-mapper leaves: the name without a table
// (which /sys does not show), and a table that was loaded and never made live.
TEST_CASE("Must 11: mappings that a killed unlock never finished lock nobody out") {
  Machine& m = guests().continued();
  m.must("for n in keys a b; do dmsetup create --notable -u CRYPT-LUKS2-0-cleartext-$n cleartext-$n; "
         "done; dmsetup load cleartext-b --table '0 8 error'");
  m.must("dmsetup create --notable -u SOMEBODY-ELSE cleartext-c");
  CHECK(m.sh("latchkey status").status == 1);
  const Done done = m.sh("latchkey unlock", m.passphrase());
  INFO(done.output);
  CHECK(done.status == exit_status(Code::partial));  // 'c': another's mapping stays
  CHECK(has(done.output, "cannot open 'c'"));
  // The nodes of what was opened are there, though their names were removed before.
  CHECK(m.must("ls /dev/mapper/cleartext-[abd] | wc -l") == "3");
  CHECK(m.must("dmsetup info -c --noheadings -o uuid cleartext-c") == "SOMEBODY-ELSE");
  m.must("dmsetup remove cleartext-c");
  CHECK(m.sh("latchkey unlock", m.passphrase()).status == 0);
  CHECK(m.count("ls /dev/mapper", "cleartext-") == 4);
  CHECK(m.sh("release-services").status == 0);
}

TEST_CASE("Must 11: an unlock whose parent is killed closes the keys volume all the same") {
  Machine& m = guests().continued();
  m.must("cat > /run/pass", m.passphrase());
  for (const Moment& moment : moments) {
    INFO(moment.name);
    // Only the first process is killed, and nothing else is started: its workers
    // have to finish or to clean up.
    const std::string said = m.must(
        "latchkey lock >/dev/null 2>&1; latchkey unlock < /run/pass > /run/out 2>&1 & "
        "until " + moment.condition + " || ! kill -0 $! 2>/dev/null; do :; done; "
        "kill -9 $!; wait $!; echo ended with $?");
    INFO(said);
    CHECK(has(said, "ended with 137"));
    m.until("! pgrep -x latchkey && ! " + keys_are_open, 60s);
    const Done again = m.sh("latchkey unlock < /run/pass");
    INFO(again.output);
    CHECK(again.status == 0);
    CHECK(m.count("ls /dev/mapper", "cleartext-") == 4);
  }
}

// As after a power cut while a key was written.
TEST_CASE("Must 11: a keys volume that was not closed cleanly is replayed once, or read as it is",
          "[.slow]") {
  Machine& m = guests().unlocked();
  const std::string lv = "system/encrypted-keys";
  const auto spoil = [&] {
    m.must("lvchange -ay " + lv + " && cryptsetup open --key-file - /dev/" + lv +
               " spoilt && debugfs -w -R 'feature needs_recovery' /dev/mapper/spoilt && "
               "cryptsetup close spoilt && lvchange -an " +
               lv,
           m.passphrase());
  };
  const auto look = [&](bool dirty) {
    const Done shown = m.sh("latchkey mount-keys", m.passphrase());
    INFO(shown.output);
    CHECK(shown.status == 0);
    CHECK(has(shown.output, "was not closed cleanly; its journal is replayed") == dirty);
    CHECK(has(m.must("ls /run/latchkey/keys/"), "system-a.key"));
    m.must("latchkey umount-keys");
  };
  spoil();
  look(true);
  look(false);
  // Where nothing can be written, the journal stays as it is.
  spoil();
  m.must("lvchange -pr " + lv);
  look(true);
  look(true);
  CHECK(m.count("dmsetup ls", "keys") == 0);
}

TEST_CASE(
    "Must 11: a key that was written right before the power failed opens its volume in early boot",
    "[.slow]") {
  Machine& m = guests().unlocked();
  const std::string keys = "cd /run/latchkey/keys/ && ";
  m.must("latchkey mount-keys --write", m.passphrase());
  m.must(keys + "mv system-a.key away && sync .");
  m.must("latchkey umount-keys && latchkey mount-keys --write", m.passphrase());
  // In the journal alone, when the plug is pulled.
  m.must(keys + "mv away system-a.key && sync .");
  m.reset();
  m.wait_early();
  const Done done = m.early("", m.passphrase());
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK(has(done.output, "'a' is open"));
  m.wait_login();
  m.until("grep -qx a /srv/a/marker");
}
