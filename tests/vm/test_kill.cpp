// SPDX-License-Identifier: GPL-3.0-or-later
// kill -9 of the unlocker in the middle of an unlock. On the running system a
// watcher in the guest kills when it sees a moment come; in early boot, where
// there is no shell, the moments are seen on the console of a guest whose image
// carries the watcher.
#include "core/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// A moment is a condition that the guest's shell can see while an unlock runs.
struct Moment {
  const char* name;
  const char* condition;
};

const std::vector<Moment> moments{
    {"the derivation runs", "pgrep -x latchkey | wc -l | grep -qvx '[01]'"},
    {"the keys volume is open", "[ -e /dev/mapper/cleartext-keys ]"},
    {"the keys volume is mounted",
     "cat /proc/[0-9]*/mounts 2>/dev/null | grep -q /run/latchkey/keys"},
    {"the first data volume is open", "ls /dev/mapper | grep -q cleartext-[abcd]"},
    {"the third data volume is open", "[ $(ls /dev/mapper | grep -c cleartext-[abcd]) -ge 3 ]"},
};

}  // namespace

TEST_CASE("Must 11: killed at any of five moments, an unlock leaves the keys volume closed") {
  Machine& m = guests().plain();
  m.load("early");
  CHECK(m.early("continue").status == 0);
  m.wait_login();
  m.save("locked");
  m.must("cat > /run/pass", m.passphrase());
  for (const Moment& moment : moments) {
    INFO(moment.name);
    m.load("locked");
    m.must("cat > /run/pass", m.passphrase());
    // The watcher kills one process of the unlock at the moment: its parent, or
    // whichever is left, has to clean up. Nothing else is started.
    const std::string kill_one =
        "latchkey unlock < /run/pass > /run/out 2>&1 & "
        "until " + std::string(moment.condition) + " || ! kill -0 $! 2>/dev/null; do :; done; "
        "kill -9 $!; wait $!; echo ended with $?";
    const std::string said = m.must("sh -c '" + kill_one + "'");
    INFO(said);
    m.until("! pgrep -x latchkey", 60s);
    m.until("[ ! -e /sys/class/block/dm-0 ] || ! grep -qx cleartext-keys /sys/block/dm-*/dm/name", 30s);
    const Done again = m.sh("latchkey unlock < /run/pass");
    INFO(again.output);
    CHECK(again.status == 0);
    CHECK(m.must("ls /dev/mapper | grep -c cleartext-") == "4");
  }
}
