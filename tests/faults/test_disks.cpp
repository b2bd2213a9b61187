// SPDX-License-Identifier: GPL-3.0-or-later
// Faults of disks: gone, full, unreadable, slow.
#include "core/result.hpp"
#include "faults/moments.hpp"
#include "support/catch.hpp"
#include "support/kill_table.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// The disk of 'e' comes back, perhaps by another name.
void plug_two(Machine& m) {
  m.disk("plug", "two");
  m.until("test -e /dev/disk/by-id/virtio-latchkey-two");
}

// A session that has given the passphrase, at this word of the answer.
Child unlock_until(Machine& m, const std::string& word) {
  Child unlock = m.early_terminal();
  unlock.expect("passphrase");
  unlock.write(m.passphrase() + "\n");
  unlock.expect(word);
  return unlock;
}

// Both per second, 0: no limit.
void throttle(Machine& m, const std::string& disk, int operations, int bytes = 0) {
  m.monitor(R"({"execute": "block_set_io_throttle", "arguments": {"bps": )" +
            std::to_string(bytes) + R"(, "id": "/machine/peripheral/)" + disk +
            R"(-disk/virtio-backend", "bps_rd": 0, "bps_wr": 0, "iops_rd": 0, "iops_wr": 0, )"
            R"("iops": )" +
            std::to_string(operations) + "}}");
}

// As an impaired volume of a cloud does: the next request is answered after an hour.
void hang(Machine& m, const std::string& disk) { throttle(m, disk, 0, 1); }

std::function<void(Machine&)> answers_again(const std::string& disk) {
  return [disk](Machine& m) { throttle(m, disk, 0); };
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

}  // namespace

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
         Child unlock = unlock_until(m, "trying");
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
         m.until_active("serve-a serve-b serve-e");
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
         throttle(m, "system", 15);
         const Done done = m.early("", m.passphrase());
         CHECK(done.status == 0);
         throttle(m, "system", 0);
         m.wait_login();
         return line_with(done.output, "volumes are open");
       }},
      {"15 operations a second", "release-services", From::closed,
       [](Machine& m) {
         throttle(m, "system", 15);
         const std::string said = says(m, "release-services < /root/p", "latchkey:");
         throttle(m, "system", 0);
         return said;
       }},
  });
}

TEST_CASE("a disk hangs") {
  prove({
      {"the disk of 'e' hangs", "before the passphrase", From::early,
       [](Machine& m) {
         hang(m, "two");
         const Done done = m.early("", m.passphrase());
         INFO(done.output);
         CHECK(done.status == exit_status(Code::partial));
         m.wait_login();
         m.until_active("serve-a serve-b");
         return line_with(done.output, "cannot open 'e'");
       },
       answers_again("two")},
      {"the disk of 'e' hangs", "the first data volume is open", From::early,
       [](Machine& m) {
         Child unlock = unlock_until(m, "is open");
         hang(m, "two");
         (void)unlock.wait(240s);
         m.wait_login();
         return line_with(unlock.output(), "the boot goes on");
       },
       answers_again("two")},
      {"the disk of 'e' hangs", "release-services", From::closed,
       [](Machine& m) {
         hang(m, "two");
         const std::string said = says(m, "release-services < /root/p", "'e'");
         m.until_active("serve-a serve-b");
         return said;
       },
       answers_again("two")},
      {"the disk of 'e' hangs", "while it is mounted and used", From::up,
       [](Machine& m) {
         hang(m, "two");
         (void)m.sh("timeout 5 sh -c 'echo x > /srv/e/x; sync -f /srv/e' > /dev/null 2>&1");
         (void)says(m, "latchkey check", "error: the device of 'e'");
         return says(m, "latchkey status", "failing");
       },
       answers_again("two")},
      {"the disk of the keys volume hangs", "before the passphrase", From::early,
       [](Machine& m) {
         hang(m, "system");
         const Done tried = m.early("", m.passphrase());
         INFO(tried.output);
         CHECK(tried.status != 0);
         CHECK(has(tried.output, "it took longer than"));
         std::string said;
         wait_until(
             [&] {
               const Done gone = m.early("continue");
               said = gone.output;
               return gone.status == 0;
             },
             "the boot goes on without the data", 240s);
         m.wait_login();
         return line_with(said, "the boot goes on");
       },
       answers_again("system")},
  });
}
