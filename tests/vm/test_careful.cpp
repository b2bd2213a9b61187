// SPDX-License-Identifier: GPL-3.0-or-later
// What commands on storage must not take for theirs, and what must not end in a dead end.
#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// A LUKS volume of somebody's own, opened as cleartext-NAME and with a file system in it.
void make_foreign(Machine& m, const std::string& name, const std::string& more) {
  const std::string lv = "/dev/system/" + name;
  m.must("lvcreate -q -L 64M -n " + name + " system && printf elsewhere | cryptsetup luksFormat -q " +
         more + " --pbkdf pbkdf2 --pbkdf-force-iterations 1000 " + lv + " -");
  m.must("printf elsewhere | cryptsetup open --key-file - " +
         (has(more, "--header") ? "--header /root/" + name + ".header " : std::string()) + lv +
         " cleartext-" + name + " && mkfs.ext4 -q /dev/mapper/cleartext-" + name);
}

std::string both(Machine& m) { return m.passphrase() + "\nelsewhere\n"; }

}  // namespace

TEST_CASE("adopt replaces no other volume's line, and a wrong type can be corrected", "[.slow]") {
  Machine& m = guests().unlocked_without_images();
  make_foreign(m, "plain", "--type luks2");
  const std::string before = m.must("cat /etc/latchkey/volumes");
  const Done other = m.sh("latchkey adopt system a none ext4 --device system/plain", both(m));
  INFO(other.output);
  CHECK(other.status == exit_status(Code::refused));
  CHECK(has(other.output, "there is another volume 'a' already"));
  CHECK(m.must("cat /etc/latchkey/volumes") == before);

  const Done wrong = m.sh("latchkey adopt system plain /srv/plain xfs", both(m));
  INFO(wrong.output);
  CHECK(wrong.status != 0);
  // Meanwhile its key is lost, as where an older keys volume was put back: it gets another one.
  m.must(
      "latchkey -q mount-keys --write && rm /run/latchkey/keys/system-plain.key && "
      "latchkey -q umount-keys",
      m.passphrase());
  const Done right = m.sh("latchkey adopt system plain /srv/plain ext4", both(m));
  INFO(right.output);
  CHECK(right.status == 0);
  CHECK(m.must("findmnt -no FSTYPE /srv/plain") == "ext4");
  m.must("latchkey -q lock");
  const Done opened = m.sh("latchkey unlock", m.passphrase());
  INFO(opened.output);
  CHECK(opened.status == 0);
  CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());

  // One that did not come to its line is given up by the command that forgets volumes.
  make_foreign(m, "late", "--type luks2");
  CHECK(m.sh("latchkey adopt --halt key:before system late /srv/late ext4; exit $?", both(m)).status ==
        137);
  m.must("latchkey remove-volume late");
  CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());
}

TEST_CASE("volumes with LUKS1 and with a header of their own grow in use", "[.slow]") {
  Machine& m = guests().unlocked_without_images();
  make_foreign(m, "old", "--type luks1");
  m.must("truncate -s 16M /root/apart.header");
  make_foreign(m, "apart", "--type luks2 --header /root/apart.header");
  m.must("latchkey adopt system old /srv/old ext4", both(m));
  m.must("latchkey adopt system apart /srv/apart ext4 --header /root/apart.header", both(m));
  for (const std::string name : {"old", "apart"}) {
    INFO(name);
    const Done grown = m.sh("latchkey resize-volume " + name + " +64M", m.passphrase());
    INFO(grown.output);
    CHECK(grown.status == 0);
    CHECK(std::stoi(m.must("df -m --output=size /srv/" + name + " | tail -1")) > 90);
  }
  // What LVM refuses leaves nothing half done behind.
  m.must("lvcreate -q -s -L 16M -n safe system/old");
  const Done refused = m.sh("latchkey resize-volume old +900G", m.passphrase());
  CHECK(refused.status == exit_status(Code::refused));
  CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());
}

TEST_CASE("remove-volume leaves snapshots, and destroys what a person configured", "[.slow]") {
  Machine& m = guests().unlocked_without_images();
  make_foreign(m, "plain", "--type luks2");
  m.must("latchkey adopt system plain /srv/plain ext4", both(m));
  m.must("lvcreate -q -s -L 16M -n safe system/plain");
  const Done with = m.sh("latchkey remove-volume plain --wipe --confirm plain", m.passphrase());
  INFO(with.output);
  CHECK(with.status == exit_status(Code::refused));
  CHECK(has(with.output, "it has snapshots, which would go with it: safe"));
  CHECK(m.must("findmnt -no TARGET /srv/plain") == "/srv/plain");
  m.must("lvremove -q -y system/safe");

  // As one writes it by hand, the line does not say which header is meant.
  m.must("sed -i '/^plain/s/x-latchkey.uuid=[^ ,]*,*//' /etc/latchkey/volumes");
  CHECK_FALSE(has(m.must("grep '^plain' /etc/latchkey/volumes"), "uuid"));

  // The kernel's name of its disk may lead to another one by now.
  m.must(
      "cp /etc/latchkey/volumes /root/volumes && truncate -s 32M /root/other && "
      "losetup /dev/loop7 /root/other && printf theirs | cryptsetup luksFormat -q --type luks2 "
      "--pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/loop7 - && "
      "sed -i '/^plain/c plain /dev/loop7 /srv/plain ext4 x-latchkey.key=system-plain.key' "
      "/etc/latchkey/volumes");
  const std::string theirs = m.must("cryptsetup luksUUID /dev/loop7");
  const std::string wipe = "latchkey remove-volume plain --wipe --confirm plain";
  const Done open = m.sh(wipe, m.passphrase());
  INFO(open.output);
  CHECK(open.status == exit_status(Code::refused));
  CHECK(has(open.output, "'cleartext-plain' is open on another device than /dev/loop7"));
  m.must("umount /srv/plain && cryptsetup close cleartext-plain");
  const Done closed = m.sh(wipe, m.passphrase());
  INFO(closed.output);
  CHECK(closed.status == exit_status(Code::refused));
  CHECK(has(closed.output, "its key does not open the header that is there"));
  CHECK(m.must("cryptsetup luksUUID /dev/loop7") == theirs);
  m.must("losetup -d /dev/loop7 && cp /root/volumes /etc/latchkey/volumes");
  const Done gone = m.sh("latchkey remove-volume plain --wipe --confirm plain", m.passphrase());
  INFO(gone.output);
  CHECK(gone.status == 0);
  CHECK(m.sh("lvs system/plain").status != 0);
}

TEST_CASE("volumes that LVM is told to skip are opened all the same", "[.slow]") {
  Machine& m = guests().unlocked_without_images();
  // As thin snapshots are, the way back that people take.
  m.must("latchkey lock");
  for (const std::string lv : {"encrypted-a", "encrypted-keys"})
    m.must("lvchange -q -an system/" + lv + " && lvchange -q -ky system/" + lv);
  m.must("sync");
  m.reboot();
  m.wait_early();
  const Done opened = m.early("", m.passphrase() + "\n");
  INFO(opened.output);
  CHECK(opened.status == 0);
  CHECK(has(opened.output, "all 4 volumes are open"));
}

TEST_CASE("a unit whose own files undo its hold costs a new volume nothing but a warning", "[.slow]") {
  Machine& m = guests().unlocked_without_images();
  m.must("mkdir -p /etc/systemd/system/loose.service.d && cat > /etc/systemd/system/loose.service && "
         "printf '[Unit]\\nConditionPathExists=\\n' > /etc/systemd/system/loose.service.d/zzzzz.conf && "
         "systemctl daemon-reload",
         "[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n");
  // A package with files there, whose service starts at boot, and which nobody held.
  m.must(
      "cp /etc/systemd/system/loose.service /lib/systemd/system/watcher.service && "
      "systemctl enable watcher && printf '/.\n/srv/logs\n/lib/systemd/system/watcher.service\n"
      "/lib/systemd/system/soon.service\n' "
      "> /var/lib/dpkg/info/watcher.list && cat >> /var/lib/dpkg/status",
      "\nPackage: watcher\nStatus: install ok installed\nMaintainer: none\nArchitecture: all\n"
      "Version: 1\nDescription: none\n");
  m.must("cat > /lib/systemd/system/soon.service && systemctl enable soon",
         "[Unit]\nDefaultDependencies=no\nBefore=sysinit.target\n[Service]\nExecStart=/bin/true\n"
         "[Install]\nWantedBy=sysinit.target\n");
  const Done made =
      m.sh("latchkey create-volume system logs 64M /srv/logs ext4 --hold loose", m.passphrase());
  INFO(made.output);
  CHECK(made.status == exit_status(Code::refused));
  CHECK(has(made.output, "'loose.service' is not held"));
  CHECK(has(made.output, "'logs' is mounted on /srv/logs"));
  CHECK(has(made.output, "run: latchkey hold watcher.service --needs logs"));
  CHECK(has(made.output, "it cannot be held, since the boot wants it before sysinit.target"));
  CHECK_FALSE(has(m.sh("latchkey check").output, "soon.service"));
  CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());
  // In use by now: to forget it leaves its data alone.
  m.must("echo data > /srv/logs/file");
  m.must("latchkey unhold loose");
  m.must("latchkey remove-volume logs");
  CHECK(m.must("lvs --noheadings -o lv_name system/encrypted-logs | xargs") == "encrypted-logs");
}
