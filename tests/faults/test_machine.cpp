// SPDX-License-Identifier: GPL-3.0-or-later
// Faults of the machine and of what is around it: power, cables, the clock, memory.
#include "faults/moments.hpp"
#include "support/catch.hpp"
#include "support/kill_table.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// The kernel's name for this boot, in early boot.
std::string boot_id(Machine& m) {
  const Done id = m.inside("cat /proc/sys/kernel/random/boot_id");
  CHECK(id.status == 0);
  return id.output;
}

const std::string starved = "Out of memory: Killed process";

}  // namespace

TEST_CASE("power cut") {
  const auto cut = [](const std::string& condition) {
    return [=](Machine& m) {
      const std::string before = boot_id(m);
      {
        Child blow = m.inside_later(when(condition, "echo b > /proc/sysrq-trigger"));
        (void)m.early("", m.passphrase());
      }
      m.wait_early();
      const std::string after = boot_id(m);
      CHECK(after != before);
      return early_says(m, "volumes are open");
    };
  };
  prove({
      {"power cut", "it waits in early boot", From::early,
       [](Machine& m) {
         m.reset();
         m.wait_early();
         return early_says(m, "volumes are open");
       }},
      {"power cut", "the keys volume is open", From::early, cut(keys_open)},
      {"power cut", "the first data volume is open", From::early, cut(first_open)},
      {"power cut", "the last data volume is open", From::early, cut(all_open)},
      {"power cut", "release-services mounts", From::closed,
       [](Machine& m) {
         (void)m.sh(
             "(until mountpoint -q /srv/a; do :; done; echo b > /proc/sysrq-trigger) & "
             "release-services < /root/p");
         m.wait_early();
         return early_says(m, "volumes are open");
       }},
      {"power cut", "a service writes", From::up,
       [](Machine& m) {
         (void)m.sh(
             "(while :; do head -c 100k /dev/urandom > /srv/a/x; cat /srv/a/x "
             "> /srv/e/x; echo >> /run/turns; done) & until [ -f /run/turns ] && "
             "[ $(wc -l < /run/turns) -ge 50 ]; do :; done; echo b > /proc/sysrq-trigger");
         m.wait_early();
         return early_says(m, "volumes are open");
       }},
      {"power cut", "rotate-key stores the new key", From::up,
       [](Machine& m) {
         (void)m.sh(
             "(until ls /etc/latchkey/unfinished | grep -q .; do :; done; "
             "echo b > /proc/sysrq-trigger) & latchkey rotate-key a < /root/p");
         m.wait_early();
         return early_says(m, "volumes are open");
       },
       [](Machine& m) { m.must("latchkey rotate-key a < /root/p"); }},
      {"power cut", "create-volume formats", From::up,
       [](Machine& m) {
         (void)m.sh(
             "(until test -e /dev/system/encrypted-new; do :; done; "
             "echo b > /proc/sysrq-trigger) & "
             "latchkey create-volume system new 32M /srv/new ext4 < /root/p");
         m.wait_early();
         m.unlock_and_boot();
         return says(m, "latchkey status", "is not finished", {});
       },
       [](Machine& m) { m.must("latchkey create-volume system new 32M /srv/new ext4 < /root/p"); }},
  });
}

TEST_CASE("the network goes and comes back") {
  prove({
      {"the cable is pulled", "it waits in early boot", From::early,
       [](Machine& m) {
         m.monitor("set_link nic0 off");
         wait_until([&] { return has(m.inside("cat /sys/class/net/e*/carrier").output, "0"); },
                    "the cable is out", 30s);
         m.monitor("set_link nic0 on");
         return early_says(m, "volumes are open");
       }},
      {"the cable is pulled", "in the middle of the unlock", From::early,
       [](Machine& m) {
         // The boot before the snapshot has shown it, too.
         const int before = m.shown(goes_on);
         {
           Child unlock = m.early_terminal();
           unlock.expect("passphrase");
           unlock.write(m.passphrase() + "\n");
           unlock.expect("trying");
           m.monitor("set_link nic0 off");
         }
         m.until_console(goes_on, before + 1);
         m.monitor("set_link nic0 on");
         m.wait_login();
         m.until("systemctl is-active --quiet latchkey-release");
         return says(m, "latchkey status", "early boot: unlocked by", {});
       }},
      {"the link goes down in software", "it waits in early boot", From::early,
       [](Machine& m) {
         CHECK(m.inside("for n in /sys/class/net/e*; do ip link set ${n##*/} down; done").status ==
               0);
         return early_says(m, "volumes are open");
       }},
  });
}

TEST_CASE("a clock that is years off") {
  const auto at = [](const std::string& date) {
    return [=](Machine& m) {
      m.must("date -s '" + date + "' && hwclock --systohc --utc");
      m.reboot();
      m.wait_early();
      const Done done = m.early("", m.passphrase());
      INFO(done.output);
      CHECK(done.status == 0);
      m.wait_login();
      m.until("systemctl is-active --quiet latchkey-release");
      return the_line(done.output, "all 3 volumes are open; " + goes_on);
    };
  };
  prove({
      {"the clock says 2001", "a boot", From::up, at("2001-01-01 00:00")},
      {"the clock says 2060", "a boot", From::up, at("2060-01-01 00:00")},
      {"the clock jumps back ten years", "release-services", From::closed,
       [](Machine& m) {
         return says(m,
                     "(until mountpoint -q /srv/a; do :; done; date -s '-10 years' > /dev/null) & "
                     "release-services < /root/p",
                     all_run, 0);
       }},
  });
}

TEST_CASE("out of memory") {
  prove({
      {"all memory is taken, processes are killed", "it waits in early boot", From::early,
       [](Machine& m) {
         const int before = m.shown(starved);
         (void)m.inside("(tail /dev/zero; tail /dev/zero) 2>/dev/null; true");
         m.until_console(starved, before + 1);
         return early_says(m, "volumes are open");
       }},
      {"all memory is taken, processes are killed", "in the middle of the unlock", From::early,
       [](Machine& m) {
         const int before = m.shown(starved);
         Child eater = m.inside_later(when(keys_open, "tail /dev/zero; tail /dev/zero; true"));
         const Done done = m.early("", m.passphrase());
         m.until_console(starved, before + 1);
         // Nothing, when the session itself was what had to go.
         return line_with(done.output, goes_on);
       }},
      {"all memory is taken, processes are killed", "release-services", From::closed,
       [](Machine& m) {
         const int before = m.shown(starved);
         const std::string said =
             says(m, "(tail /dev/zero; tail /dev/zero) 2>/dev/null & release-services < /root/p",
                  "serve-e.service", {});
         m.until_console(starved, before + 1);
         return said;
       }},
  });
}
