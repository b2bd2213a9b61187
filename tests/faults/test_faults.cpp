// SPDX-License-Identifier: GPL-3.0-or-later
// The cells of the matrix, by fault.
#include "core/result.hpp"
#include "core/text.hpp"
#include "faults/matrix.hpp"
#include "support/catch.hpp"
#include "support/kill_table.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// Moments of an unlock in early boot, as conditions for its shell.
const std::string keys_open = "grep -qsx cleartext-keys /sys/block/dm-*/dm/name";
const std::string first_open = "grep -qsx cleartext-[abe] /sys/block/dm-*/dm/name";
const std::string all_open =
    "[ \"$(grep -lsx cleartext-[abe] /sys/block/dm-*/dm/name | wc -l)\" -eq 3 ]";

std::string when(const std::string& condition, const std::string& then) {
  return "until " + condition + "; do :; done; " + then;
}

// Strikes in the middle of an unlock; gives the unlocker's last words with `part`.
std::string unlock_struck(Machine& m, const std::string& condition, const std::string& blow,
                          const std::string& part) {
  Child blow_later = m.inside_later(when(condition, blow));
  const Done done = m.early("", m.passphrase());
  return line_with(done.output, part);
}

// The first line with `part` that a command says on the machine's own system.
std::string says(Machine& m, const std::string& command, const std::string& part) {
  const Done done = m.sh(command);
  INFO(done.output);
  CHECK(has(done.output, part));
  return line_with(done.output, part);
}

// Kills the processes of early boot, by the words they were started with. One that goes
// with another is gone before its turn; that there is none at all is an error.
std::string kill_all(const std::string& words) {
  return "p=$(ps | grep '" + words +
         "' | grep -v grep | awk '{print $1}'); [ -n \"$p\" ] && { kill -9 $p; true; }";
}

// A line of early boot's status over ssh; waits for the door to open again.
std::string early_says(Machine& m, const std::string& part) {
  std::string said;
  wait_until(
      [&] {
        const Done done = m.early("status");
        said = done.output;
        return has(said, part);
      },
      "early ssh answers", 60s);
  return line_with(said, part);
}

// The disk of 'e' comes back, perhaps by another name.
void plug_two(Machine& m) {
  m.disk("plug", "two");
  m.until("test -e /dev/disk/by-id/virtio-latchkey-two");
}

void throttle(Machine& m, int operations) {
  m.monitor(R"({"execute": "block_set_io_throttle", "arguments": {"bps": 0, )"
            R"("id": "/machine/peripheral/system-disk/virtio-backend", )"
            R"("bps_rd": 0, "bps_wr": 0, "iops_rd": 0, "iops_wr": 0, "iops": )" +
            std::to_string(operations) + "}}");
}

// What dmsetup does to an LV whose every sector, or whose sectors from 20 MiB on, cannot
// be read or written. `repair_b` takes it back.
const std::string all_errors =
    "dmsetup table system-encrypted--b > /root/table && "
    "dmsetup suspend --noflush system-encrypted--b && dmsetup load system-encrypted--b "
    "--table \"0 $(blockdev --getsz /dev/system/encrypted-b) error\" && "
    "dmsetup resume system-encrypted--b";
const std::string some_errors =
    "dmsetup table system-encrypted--b > /root/table && read -r s l t d o < /root/table && "
    "dmsetup suspend --noflush system-encrypted--b && printf '%s\\n' \"0 40960 linear $d $o\" "
    "\"40960 $((l - 40960)) error\" | dmsetup load system-encrypted--b && "
    "dmsetup resume system-encrypted--b";

void repair_b(Machine& m) {
  m.must(
      "dmsetup suspend --noflush system-encrypted--b && "
      "dmsetup load system-encrypted--b /root/table && dmsetup resume system-encrypted--b");
}

// Runs two commands at the same time, and gives how each ended.
std::string both(Machine& m, const std::string& one, const std::string& two) {
  const std::string said =
      m.must("(" + one + ") > /root/one 2>&1 < /root/p & a=$!; (" + two +
             ") > /root/two 2>&1 < /root/p & b=$!; wait $a; a=$?; wait $b; echo $a and $?; "
             "cat /root/one /root/two >&2");
  std::string out;
  for (const std::string& line : split(said, '\n'))
    if (out.empty() || has(line, "error:") || has(line, "under way") || has(line, "nothing to do"))
      out += (out.empty() ? "" : "; ") + line;
  return out;
}

}  // namespace

TEST_CASE("power cut") {
  const auto cut = [](const std::string& condition) {
    return [=](Machine& m) {
      (void)unlock_struck(m, condition, "echo b > /proc/sysrq-trigger", "");
      m.wait_early();
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
             "> /srv/e/x; done) & sleep 2; echo b > /proc/sysrq-trigger");
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
         return says(m, "latchkey status", "is not finished");
       },
       [](Machine& m) { m.must("latchkey create-volume system new 32M /srv/new ext4 < /root/p"); }},
  });
}

TEST_CASE("kill -9") {
  const auto killed = [](const std::string& words) {
    return [=](Machine& m) {
      CHECK(m.inside(kill_all(words)).status == 0);
      return early_says(m, "volumes are open");
    };
  };
  const auto killed_in_unlock = [](const std::string& condition, const std::string& blow) {
    return [=](Machine& m) { return unlock_struck(m, condition, blow, "latchkey"); };
  };
  prove({
      {"kill -9 of the coordinator", "it waits in early boot", From::early,
       killed("latchkey-unlock coordinate")},
      {"kill -9 of Dropbear", "it waits in early boot", From::early,
       killed("/usr/lib/latchkey/dropbear")},
      {"kill -9 of both keepers of the door", "it waits in early boot", From::early,
       killed("latchkey-unlock door")},
      {"kill -9 of the prompts on the consoles", "it waits in early boot", From::early,
       killed("latchkey-unlock console")},
      {"kill -9 of the DHCP client", "it waits in early boot", From::early,
       killed("busybox udhcpc")},
      {"kill -9 of everything of ours", "it waits in early boot", From::early,
       killed("latchkey-unlock\\|dropbear\\|udhcpc")},
      {"kill -9 of the newest process of the unlocker", "the keys volume is open", From::early,
       killed_in_unlock(keys_open, "kill -9 $(pidof latchkey-unlock | cut -d' ' -f1)")},
      {"kill -9 of everything of ours", "the first data volume is open", From::early,
       killed_in_unlock(first_open, kill_all("latchkey-unlock\\|dropbear\\|udhcpc"))},
      {"kill -9 of release-services", "it mounts", From::closed,
       [](Machine& m) {
         (void)m.sh(
             "release-services < /root/p > /root/out 2>&1 & "
             "until mountpoint -q /srv/a; do :; done; kill -9 $!; wait");
         return says(m, "latchkey status", "serve-a.service");
       }},
      {"kill -9 of all of latchkey", "lock stops services", From::up,
       [](Machine& m) {
         (void)m.sh(
             "latchkey lock > /root/out 2>&1 & "
             "until ! systemctl is-active --quiet serve-a; do :; done; "
             "pkill -9 -x latchkey; wait");
         return says(m, "latchkey status", "serve-a.service");
       }},
      {"kill -9 of all of latchkey", "mount-keys shows the keys", From::up,
       [](Machine& m) {
         m.must("latchkey mount-keys < /root/p");
         m.must(
             "pkill -9 -x latchkey; until ! grep -qsx cleartext-keys "
             "/sys/block/dm-*/dm/name; do :; done");
         return says(m, "latchkey status", "serve-a.service");
       }},
  });
}

TEST_CASE("a disk is gone") {
  prove({
      {"the disk of 'e' is gone", "before the passphrase, for ever", From::early,
       [](Machine& m) {
         m.disk("pull", "two");
         const Done done = m.early("", m.passphrase());
         CHECK(done.status == exit_status(Code::partial));
         m.wait_login();
         return line_with(done.output, "cannot open 'e'");
       },
       plug_two},
      {"the disk of 'e' is gone", "in the middle of the unlock", From::early,
       [](Machine& m) {
         Child unlock = m.early_terminal();
         unlock.expect("passphrase");
         unlock.write(m.passphrase() + "\n");
         unlock.expect("trying");
         m.disk("pull", "two");
         (void)unlock.wait(120s);
         m.wait_login();
         return line_with(unlock.output(), "volumes are open");
       },
       plug_two},
      {"the disk of 'e' is gone", "while it is mounted and used", From::up,
       [](Machine& m) {
         m.disk("pull", "two");
         m.until("! test -e /dev/disk/by-id/virtio-latchkey-two");
         (void)m.sh("echo x > /srv/e/x; sync -f /srv/e");
         (void)says(m, "latchkey check", "error: the device of 'e'");
         return says(m, "latchkey status", "failing");
       },
       [](Machine& m) {
         m.must("latchkey lock");
         plug_two(m);
       }},
  });
}

TEST_CASE("a disk is full") {
  const std::string fill =
      "fallocate -l $(($(df --output=avail -B1 / | tail -1) + 0)) /root/fill "
      "2>/dev/null; cat /dev/zero > /root/fill2 2>/dev/null; ";
  const auto empty = [](Machine& m) { m.must("rm -f /root/fill /root/fill2"); };
  const auto filled = [=](const std::string& command, const std::string& part) {
    return [=](Machine& m) {
      m.must(fill + "sync; test \"$(df --output=avail / | tail -1)\" -lt 100");
      return says(m, command, part);
    };
  };
  prove({
      {"/ is full", "a boot", From::up,
       [=](Machine& m) {
         m.must(fill + "sync");
         m.reboot();
         m.wait_early();
         const Done done = m.early("", m.passphrase());
         CHECK(done.status == 0);
         m.wait_login();
         m.until("systemctl is-active --quiet serve-a serve-b serve-e");
         return line_with(done.output, "volumes are open");
       },
       empty},
      {"/ is full", "release-services", From::closed,
       filled("release-services < /root/p", "latchkey:"), empty},
      {"/ is full", "create-volume", From::up,
       filled("latchkey create-volume system new 32M /srv/new ext4 < /root/p", "No space"),
       [=](Machine& m) {
         empty(m);
         m.must("latchkey create-volume system new 32M /srv/new ext4 < /root/p");
       }},
      {"/ is full", "rotate-key", From::up, filled("latchkey rotate-key a < /root/p", "No space"),
       [=](Machine& m) {
         empty(m);
         m.must("latchkey rotate-key a < /root/p");
       }},
      {"/ is full", "hold", From::up, filled("latchkey hold ssh --needs a", "No space"), empty},
      {"/ is full", "backup", From::up,
       filled("latchkey backup /root/backup < /root/p", "No space"), empty},
      {"the keys volume is full", "rotate-key", From::up,
       [](Machine& m) {
         m.must(
             "latchkey mount-keys --write < /root/p && "
             "(cat /dev/zero > /run/latchkey/keys/fill; true) 2>/dev/null && "
             "latchkey umount-keys");
         return says(m, "latchkey rotate-key a < /root/p", "No space");
       },
       [](Machine& m) {
         m.must(
             "latchkey mount-keys --write < /root/p && rm /run/latchkey/keys/fill && "
             "latchkey umount-keys && latchkey rotate-key a < /root/p");
       }},
  });
}

TEST_CASE("read errors") {
  prove({
      // LVM knows better: what is wrong is the kernel's table, not the disk.
      {"every sector of 'b' fails", "before the unlock", From::closed,
       [](Machine& m) {
         m.must("lvchange -ay system/encrypted-b && " + all_errors);
         return says(m, "release-services < /root/p", "'b' is open");
       }},
      {"most sectors of 'b' fail", "before the unlock", From::closed,
       [](Machine& m) {
         m.must("lvchange -ay system/encrypted-b && " + some_errors);
         return says(m, "release-services < /root/p", "'b'");
       },
       repair_b},
      {"every sector of 'b' fails", "while it is mounted and used", From::up,
       [](Machine& m) {
         m.must(all_errors);
         (void)m.sh("echo x > /srv/b/x; sync -f /srv/b");
         (void)says(m, "latchkey check", "error: the device of 'b'");
         return says(m, "latchkey status", "failing");
       },
       [](Machine& m) {
         m.must("latchkey lock");
         repair_b(m);
       }},
      {"every sector of the keys volume fails", "before the unlock", From::closed,
       [](Machine& m) {
         m.must(
             "lvchange -ay system/encrypted-keys && "
             "dmsetup table system-encrypted--keys > /root/table && "
             "dmsetup load system-encrypted--keys --table "
             "\"0 $(blockdev --getsz /dev/system/encrypted-keys) error\" && "
             "dmsetup suspend --noflush system-encrypted--keys && "
             "dmsetup resume system-encrypted--keys");
         return says(m, "release-services < /root/p", "the passphrase is right");
       }},
  });
}

TEST_CASE("a slow disk") {
  prove({
      {"15 operations a second", "before the passphrase", From::early,
       [](Machine& m) {
         throttle(m, 15);
         const Done done = m.early("", m.passphrase());
         CHECK(done.status == 0);
         throttle(m, 0);
         m.wait_login();
         return line_with(done.output, "volumes are open");
       }},
      {"15 operations a second", "release-services", From::closed,
       [](Machine& m) {
         throttle(m, 15);
         const std::string said = says(m, "release-services < /root/p", "latchkey:");
         throttle(m, 0);
         return said;
       }},
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
         {
           Child unlock = m.early_terminal();
           unlock.expect("passphrase");
           unlock.write(m.passphrase() + "\n");
           unlock.expect("trying");
           m.monitor("set_link nic0 off");
         }
         m.until_console("the boot goes on");
         m.monitor("set_link nic0 on");
         m.wait_login();
         m.until("systemctl is-active --quiet latchkey-release");
         return says(m, "latchkey status", "early boot: unlocked by");
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
      return line_with(done.output, "volumes are open");
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
                     "latchkey:");
       }},
  });
}

TEST_CASE("out of memory") {
  prove({
      {"all memory is taken, processes are killed", "it waits in early boot", From::early,
       [](Machine& m) {
         (void)m.inside("(tail /dev/zero; tail /dev/zero) 2>/dev/null; true");
         return early_says(m, "volumes are open");
       }},
      {"all memory is taken, processes are killed", "in the middle of the unlock", From::early,
       [](Machine& m) {
         Child eater = m.inside_later(when(keys_open, "tail /dev/zero; tail /dev/zero; true"));
         const Done done = m.early("", m.passphrase());
         return line_with(done.output, "volumes are open");
       }},
      {"all memory is taken, processes are killed", "release-services", From::closed,
       [](Machine& m) {
         return says(m, "(tail /dev/zero; tail /dev/zero) 2>/dev/null & release-services < /root/p",
                     "latchkey:");
       }},
  });
}

TEST_CASE("two administrators at the same time") {
  const auto two = [](const std::string& one, const std::string& other) {
    return [=](Machine& m) { return "ended with " + both(m, one, other); };
  };
  prove({
      {"create-volume and create-volume", "both are started", From::up,
       two("latchkey create-volume system one 32M /srv/one ext4",
           "latchkey create-volume system two 32M /srv/two ext4")},
      {"create-volume twice, the same", "both are started", From::up,
       two("latchkey create-volume system one 32M /srv/one ext4",
           "latchkey create-volume system one 32M /srv/one ext4")},
      {"rotate-key and backup", "both are started", From::up,
       two("latchkey rotate-key a", "latchkey backup /root/backup")},
      {"lock and release-services", "both are started", From::up,
       two("latchkey lock", "release-services")},
      {"release-services and release-services", "both are started", From::closed,
       two("release-services", "release-services")},
      {"resize-volume and lock", "both are started", From::up,
       two("latchkey resize-volume a +16M", "latchkey lock")},
  });
}
