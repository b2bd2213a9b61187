// SPDX-License-Identifier: GPL-3.0-or-later
// Faults of disks: gone, full, unreadable, slow.
#include "core/base/result.hpp"
#include "faults/moments.hpp"
#include "support/catch.hpp"
#include "support/kill_table.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

const int some = exit_status(Code::partial);
const int io = exit_status(Code::io);

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

// With a disk that hangs below a closed volume, nothing that reads its header waits for ever,
// nor keeps what others need: the keys volume, its lock, that of all commands that change things.
void nothing_else_hangs(Machine& m) {
  (void)says(m, "timeout 120 latchkey check", "error: the device of 'e'", some);
  (void)says(m, "timeout 180 latchkey check --with-keys < /root/p",
             "the key of 'e' cannot be tried", some);
  (void)says(m, "timeout 180 latchkey rotate-key e < /root/p", "no answer within",
             exit_status(Code::timeout));
  (void)says(m, "timeout 120 latchkey backup /root/without-e < /root/p", "is without 'e'", some);
  m.must("timeout 900 update-initramfs -u && rm -f /root/without-e");
  m.must("! systemctl is-failed --quiet latchkey-farewell.service");
}

std::function<void(Machine&)> answers_again(const std::string& disk) {
  return [disk](Machine& m) { throttle(m, disk, 0); };
}

// What dmsetup does to an LV in use whose every sector cannot be read or written any more.
// `repair_b` takes it back.
const std::string all_errors =
    "dmsetup table system-encrypted--b > /root/table && "
    "dmsetup suspend --noflush system-encrypted--b && dmsetup load system-encrypted--b "
    "--table \"0 $(blockdev --getsz /dev/system/encrypted-b) error\" && "
    "dmsetup resume system-encrypted--b";

void repair_b(Machine& m) {
  m.must(
      "dmsetup suspend --noflush system-encrypted--b && "
      "dmsetup load system-encrypted--b /root/table && dmsetup resume system-encrypted--b");
}

// Of a closed LV, whose table LVM would first put right, by an LV of its name: LVM itself
// knows that there is an error in place of each sector, or of all from 20 MiB on.
void break_lv(Machine& m, const std::string& name, bool all) {
  const std::string lv = "system/encrypted-" + name;
  m.must("lvrename -q " + lv + " system/kept");
  const std::string size =
      m.must("lvs --noheadings --nosuffix --units b -o lv_size system/kept") + "b";
  const std::string make = "lvcreate -qy -Zn -Wn -n encrypted-" + name;
  if (all) {
    m.must(make + " --type error -L " + size + " system");
  } else {
    m.must(make + " -L 20M system && lvchange -ay system/kept && dd if=/dev/system/kept of=/dev/" +
           lv + " bs=1M count=20 conv=fsync status=none && lvextend -qy --type error -L " + size +
           " " + lv);
  }
}

std::function<void(Machine&)> mends_lv(const std::string& name) {
  const std::string lv = "system/encrypted-" + name;
  return [lv](Machine& m) {
    m.must("latchkey lock && lvremove -qy " + lv + " && lvrename -q system/kept " + lv);
  };
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
         return the_line(done.output, "cannot open 'e'");
       },
       plug_two},
      {"the disk of 'e' is gone", "in the middle of the unlock", From::early,
       [](Machine& m) {
         Child unlock = unlock_until(m, "trying");
         m.disk("pull", "two");
         (void)unlock.wait(120s);
         m.wait_login();
         return the_line(unlock.output(), goes_on);
       },
       plug_two},
      {"the disk of 'e' is gone", "while it is mounted and used", From::up,
       [](Machine& m) {
         m.disk("pull", "two");
         m.until("! test -e /dev/disk/by-id/virtio-latchkey-two");
         (void)m.sh("echo x > /srv/e/x; sync -f /srv/e");
         (void)says(m, "latchkey check", "error: the device of 'e'", some);
         return says(m, "latchkey status", "failing", some);
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
  const auto filled = [=](const std::string& command, const std::string& part, int status) {
    return [=](Machine& m) {
      m.must(fill + "sync; test \"$(df --output=avail / | tail -1)\" -lt 100");
      return says(m, command, part, status);
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
         return the_line(done.output, "all 3 volumes are open; " + goes_on);
       },
       empty},
      {"/ is full", "release-services", From::closed,
       filled("release-services < /root/p", all_run, 0), empty},
      {"/ is full", "create-volume", From::up,
       filled("latchkey create-volume system new 32M /srv/new ext4 < /root/p", "No space", io),
       [=](Machine& m) {
         empty(m);
         m.must("latchkey create-volume system new 32M /srv/new ext4 < /root/p");
       }},
      {"/ is full", "rotate-key", From::up,
       filled("latchkey rotate-key a < /root/p", "No space", io),
       [=](Machine& m) {
         empty(m);
         m.must("latchkey rotate-key a < /root/p");
       }},
      {"/ is full", "hold", From::up, filled("latchkey hold other --needs a", "No space", io),
       empty},
      {"/ is full", "backup", From::up,
       filled("latchkey backup /root/backup < /root/p", "No space", io), empty},
      {"the keys volume is full", "rotate-key", From::up,
       [](Machine& m) {
         m.must(
             "latchkey mount-keys --write < /root/p && "
             "(cat /dev/zero > /run/latchkey/keys/fill; true) 2>/dev/null && "
             "latchkey umount-keys");
         return says(m, "latchkey rotate-key a < /root/p", "No space", io);
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
      {"every sector of 'b' fails", "before the unlock", From::closed,
       [](Machine& m) {
         break_lv(m, "b", true);
         return says(m, "release-services < /root/p", "cannot open 'b'", some);
       },
       mends_lv("b")},
      {"most sectors of 'b' fail", "before the unlock", From::closed,
       [](Machine& m) {
         // The header is there and the beginning of its file system, its journal is not.
         break_lv(m, "b", false);
         return says(m, "release-services < /root/p", "volume  b ", some);
       },
       mends_lv("b")},
      {"every sector of 'b' fails", "while it is mounted and used", From::up,
       [](Machine& m) {
         m.must(all_errors);
         (void)m.sh("echo x > /srv/b/x; sync -f /srv/b");
         (void)says(m, "latchkey check", "error: the device of 'b'", some);
         return says(m, "latchkey status", "failing", some);
       },
       [](Machine& m) {
         m.must("latchkey lock");
         repair_b(m);
       }},
      {"every sector of the keys volume fails", "before the unlock", From::closed,
       [](Machine& m) {
         break_lv(m, "keys", true);
         return says(m, "release-services < /root/p", "cannot be read: Input/output error", io);
       },
       mends_lv("keys")},
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
         return the_line(done.output, "all 3 volumes are open; " + goes_on);
       }},
      {"15 operations a second", "release-services", From::closed,
       [](Machine& m) {
         throttle(m, "system", 15);
         const std::string said = says(m, "release-services < /root/p", all_run, 0);
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
         nothing_else_hangs(m);
         return the_line(done.output, "cannot open 'e'");
       },
       answers_again("two")},
      {"the disk of 'e' hangs", "the first data volume is open", From::early,
       [](Machine& m) {
         Child unlock = unlock_until(m, "is open");
         hang(m, "two");
         (void)unlock.wait(240s);
         m.wait_login();
         return the_line(unlock.output(), goes_on);
       },
       answers_again("two")},
      {"the disk of 'e' hangs", "release-services", From::closed,
       [](Machine& m) {
         hang(m, "two");
         const std::string said = says(m, "release-services < /root/p", "cannot open 'e'", some);
         m.until_active("serve-a serve-b");
         return said;
       },
       answers_again("two")},
      {"the disk of 'e' hangs", "while it is mounted and used", From::up,
       [](Machine& m) {
         hang(m, "two");
         (void)m.sh("timeout 5 sh -c 'echo x > /srv/e/x; sync -f /srv/e' > /dev/null 2>&1");
         (void)says(m, "latchkey check", "error: the device of 'e'", some);
         m.must("timeout 60 latchkey unhold serve-e");
         (void)says(m, "timeout 60 latchkey remove-volume e", "cannot close 'e'",
                    exit_status(Code::timeout));
         m.must("timeout 60 latchkey hold serve-e --needs e");
         return says(m, "latchkey status", "failing", some);
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
         return the_line(said, goes_on);
       },
       answers_again("system")},
  });
}
