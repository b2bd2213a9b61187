// SPDX-License-Identifier: GPL-3.0-or-later
// From an empty disk to a running, remotely unlocked service, and what comes after.
#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "vm/bare_guest.hpp"
#include "vm/closed_guest.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

const std::string passphrase = Guests::bare_passphrase;

}  // namespace

TEST_CASE("case 14, 35: from an empty disk to a volume that the next boot opens, in two commands") {
  Machine& m = inited();
  // The keys volume is closed, at rest, and its slot is as costly as this machine bears.
  CHECK(m.count("dmsetup ls", "cleartext-keys") == 0);
  CHECK(m.must("lvs --noheadings -o lv_active,lv_tags system/encrypted-keys | xargs").empty());
  const std::string dump = m.must(
      "lvchange -ay system/encrypted-keys && cryptsetup luksDump /dev/system/encrypted-keys");
  CHECK(has(dump, "argon2id"));
  CHECK(has(dump, "aes-xts-plain64"));
  CHECK(m.must("stat -c %a /etc/latchkey/authorized_keys /etc/latchkey/hostkeys/*.dropbear "
               "/boot/initrd.img-* | sort -u") == "600");
  m.must("latchkey create-volume system web 200M /srv/web ext4 --hold nginx", passphrase + "\n");
  m.must("echo here > /srv/web/marker");
  const Done good = m.sh("latchkey check");
  INFO(good.output);
  CHECK(good.status == 0);

  m.reboot();
  m.wait_early();
  CHECK(m.early("", "not the passphrase").status == exit_status(Code::denied));
  const Done unlocked = m.early("", passphrase);
  INFO(unlocked.output);
  CHECK(unlocked.status == 0);
  m.wait_login();
  m.until("systemctl is-active --quiet nginx");
  CHECK(m.must("cat /srv/web/marker") == "here");
  CHECK(m.count("dmsetup ls", "cleartext-keys") == 0);
  const Done status = m.sh("latchkey status");
  INFO(status.output);
  CHECK(status.status == 0);
  CHECK(has(status.output, "latchkey backup"));  // there is a key, and no backup of it
}

TEST_CASE(
    "an image that does not know of a new volume is told, and what was done is not done twice",
    "[.slow]") {
  Machine& m = inited();
  // Run again it has nothing to do, asks for nothing, and builds nothing.
  const std::string image = m.must("stat -c %Y,%i /boot/initrd.img-*");
  const Done again = m.sh("latchkey init system");
  INFO(again.output);
  CHECK(again.status == 0);
  CHECK(m.must("stat -c %Y,%i /boot/initrd.img-*") == image);

  // Cut off before the image knows of the volume, which would stay closed.
  CHECK(m.sh("latchkey create-volume --halt image:before system web 200M /srv/web ext4 --hold "
             "nginx; exit $?",
             passphrase + "\n")
            .status == 137);
  m.must("echo here > /srv/web/marker");
  const Done check = m.sh("latchkey check");
  INFO(check.output);
  CHECK(check.status == 1);
  CHECK(has(check.output, "is out of date"));
  m.must("latchkey create-volume system web 200M /srv/web ext4 --hold nginx");
  const Done good = m.sh("latchkey check");
  INFO(good.output);
  CHECK(good.status == 0);
}

TEST_CASE("case 40: remove-volume takes back what an interrupted create-volume made", "[.slow]") {
  Machine& m = set_up();
  for (const std::string point : {"lv:after", "file-system:after", "untag:after"}) {
    m.load("set-up");
    INFO(point);
    CHECK(m.sh("latchkey create-volume --halt " + point + " " + new_logs + "; exit $?",
               passphrase + "\n")
              .status == 137);
    // What boots may have mounted since is not taken back by a slip.
    if (point == "untag:after") {
      CHECK(m.sh("latchkey remove-volume logs", passphrase + "\n").status ==
            exit_status(Code::refused));
      CHECK(m.sh("mountpoint -q /srv/logs").status == 0);
    }
    const Done back = m.sh("latchkey remove-volume logs --confirm logs", passphrase + "\n");
    INFO(back.output);
    CHECK(back.status == 0);
    CHECK(m.must("lvs --noheadings -o lv_name system | xargs") == "encrypted-keys");
    CHECK(m.mappings().empty());
    CHECK(m.sh("grep -q '^logs' /etc/latchkey/volumes").status == 1);
    CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());
    m.must("latchkey mount-keys", passphrase + "\n");
    CHECK(m.count("ls /run/latchkey/keys/", "logs") == 0);
    m.must("latchkey umount-keys");
    // As if nothing had been: the same name can be used again.
    m.must("latchkey create-volume " + new_logs, passphrase + "\n");
  }
}

TEST_CASE("case 40: whatever holds something is refused by its name and stays as it was",
          "[.slow]") {
  Machine& m = set_up();
  const std::string lv = "/dev/system/encrypted-logs";
  struct Kind {
    const char* make;
    const char* name;
  };
  const std::vector<Kind> kinds{
      {"printf x | cryptsetup luksFormat -q --type luks1 --pbkdf-force-iterations 1000 LV -",
       "crypto_LUKS"},
      {"printf x | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 "
       "--pbkdf-force-iterations 1000 LV -",
       "crypto_LUKS"},
      {"mkfs.ext4 -q LV", "ext4"},
      {"mkfs.xfs -q LV", "xfs"},
      {"mkfs.btrfs -q LV", "btrfs"},
      {"mkswap LV", "swap"},
      {"pvcreate -q --config devices/scan_lvs=1 LV", "LVM2_member"},
      {"printf 'label: gpt\\n' | sfdisk -q LV", "gpt"}};
  m.must("lvcreate -q -L 320M -n encrypted-logs system");
  for (const Kind& kind : kinds) {
    INFO(kind.make);
    std::string make = kind.make;
    make.replace(make.find("LV"), 2, lv);
    m.must("wipefs -qa " + lv + " && dd if=/dev/zero of=" + lv +
           " bs=1M count=8 status=none && { " + make + "; } >/dev/null 2>&1");
    const std::string before = m.must("sha256sum " + lv);
    for (const std::string size : {"200M", "existing"}) {
      const Done done =
          m.sh("latchkey create-volume system logs " + size + " /srv/logs ext4", passphrase + "\n");
      INFO(done.output);
      CHECK(done.status == exit_status(Code::refused));
      CHECK(has(done.output, "system/encrypted-logs"));
      CHECK(has(done.output, kind.name));
    }
    CHECK(m.must("sha256sum " + lv) == before);
    CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());
  }
  // Blank, it is used when its owner says so, and not before.
  m.must("wipefs -qa " + lv + " && dd if=/dev/zero of=" + lv + " bs=1M count=8 status=none");
  CHECK(m.sh("latchkey create-volume " + new_logs, passphrase + "\n").status ==
        exit_status(Code::refused));
  m.must("latchkey create-volume system logs existing /srv/logs ext4", passphrase + "\n");
  check_logs(m);
}

TEST_CASE("a mount point with files, a taken mount point, a wrong passphrase make nothing") {
  Machine& m = set_up();
  const auto nothing_made = [&] {
    CHECK(m.must("lvs --noheadings -o lv_name system | xargs") == "encrypted-keys");
    CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());
    CHECK(m.mappings().empty());
  };
  m.must("mkdir /srv/full && touch /srv/full/old.log");
  const Done full =
      m.sh("latchkey create-volume system logs 200M /srv/full ext4", passphrase + "\n");
  CHECK(full.status == exit_status(Code::refused));
  CHECK(has(full.output, "old.log"));
  nothing_made();

  m.must("mkdir /srv/taken && mount -t tmpfs none /srv/taken");
  const Done taken =
      m.sh("latchkey create-volume system logs 200M /srv/taken ext4", passphrase + "\n");
  CHECK(taken.status == exit_status(Code::busy));
  nothing_made();

  const Done wrong = m.sh("latchkey create-volume " + new_logs, "not the passphrase\n");
  CHECK(wrong.status == exit_status(Code::denied));
  nothing_made();

  const Done large = m.sh("latchkey create-volume system logs 900G /srv/logs ext4");
  INFO(large.output);
  CHECK(large.status == exit_status(Code::refused));
  CHECK(has(large.output, "left"));
  const Done type = m.sh("latchkey create-volume system logs 200M /srv/logs jfs");
  CHECK(type.status == exit_status(Code::missing));
  CHECK(has(type.output, "apt install jfsutils"));
  // The kernel for clouds has no module for it: told before anything is made.
  const Done kernel = m.sh("latchkey create-volume system logs 200M /srv/logs f2fs");
  CHECK(kernel.status == exit_status(Code::kernel));
  const Done unit = m.sh("latchkey create-volume " + new_logs + " --hold ngnix");
  CHECK(unit.status == exit_status(Code::missing));
  CHECK(has(unit.output, "did you mean 'nginx.service'?"));
  nothing_made();
}

TEST_CASE("create-volume --hold lets go of nothing that a unit is held for, nor does its undoing",
          "[.slow]") {
  Machine& m = set_up();
  const std::string in = passphrase + "\n";
  const auto held = [&] { return m.must("grep '^nginx' /etc/latchkey/services"); };
  m.must("latchkey create-volume " + new_logs, in);
  m.must("latchkey hold nginx --needs logs");
  add_unit(m, "other.service", "[Service]\nExecStart=tail -f /dev/null\n");
  // One that fails long before it holds anything.
  CHECK(m.sh("latchkey create-volume --halt lv:after system more 64M /srv/more ext4 --hold nginx; "
             "exit $?",
             in)
            .status == 137);
  m.must("latchkey remove-volume more --confirm more", in);
  CHECK(held() == "nginx.service logs");
  m.must("latchkey create-volume system more 64M /srv/more ext4 --hold nginx", in);
  CHECK(held() == "nginx.service logs more");
  CHECK(m.sh("latchkey create-volume --halt hold:after system late 64M /srv/late ext4 "
             "--hold nginx --hold other; exit $?",
             in)
            .status == 137);
  CHECK(held() == "nginx.service logs more late");
  const Done back = m.sh("latchkey remove-volume late --confirm late", in);
  INFO(back.output);
  CHECK(back.status == 0);
  CHECK(has(back.output, "'other.service' is no longer held: it was held for 'late' alone"));
  CHECK(held() == "nginx.service logs more");
  CHECK(m.sh("grep -q other /etc/latchkey/services").status == 1);
  m.must("latchkey status");

  // In use, it is no work to be finished, and stays what it is.
  m.must("latchkey hold nginx --needs logs");
  m.must("cd /srv/more && { setsid sleep 1000 > /dev/null 2>&1 & }");
  CHECK(m.sh("latchkey remove-volume more --wipe --confirm more", in).status ==
        exit_status(Code::busy));
  CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());
  m.must("pkill -x sleep");
  m.must("latchkey remove-volume more");
  CHECK(m.must("lvs --noheadings -o lv_name system | xargs") ==
        "encrypted-keys encrypted-logs encrypted-more");
}

TEST_CASE("a creation whose volume is in use is not taken back, and can still be finished",
          "[.slow]") {
  Machine& m = set_up();
  const std::string in = passphrase + "\n";
  add_unit(m, "other.service", "[Service]\nExecStart=tail -f /dev/null\n");
  const std::string create = "system late 64M /srv/late ext4 --hold other";
  CHECK(m.sh("latchkey create-volume --halt hold:after " + create + "; exit $?", in).status == 137);
  m.must("cd /srv/late && { setsid sleep 1000 > /dev/null 2>&1 & }");
  const Done busy = m.sh("latchkey remove-volume late --confirm late", in);
  INFO(busy.output);
  CHECK(busy.status == exit_status(Code::busy));
  m.must("grep -q create-volume /etc/latchkey/unfinished/late.json");
  CHECK(m.must("grep '^other' /etc/latchkey/services") == "other.service late");
  CHECK(m.sh("latchkey remove-volume late", in).status == exit_status(Code::refused));
  m.must("latchkey create-volume " + create, in);
  CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());
  m.must("pkill -x sleep");
}

TEST_CASE("volumes of every kind grow in use, are forgotten, and are destroyed", "[.slow]") {
  Machine& m = set_up();
  struct Kind {
    const char* name;
    const char* type;
    const char* size;
    const char* more;
  };
  for (const Kind& kind :
       {Kind{"a-b", "ext4", "120M", ""}, Kind{"x", "xfs", "400M", ""},
        Kind{"bt", "btrfs", "300M", "--discard --options noatime"},
        Kind{"ad", "ext4", "160M", "--cipher xchacha12,aes-adiantum-plain64 --key-size 256"}}) {
    const std::string name = kind.name;
    INFO(name);
    m.must("latchkey create-volume system " + name + " " + kind.size + " /srv/" + name + " " +
               kind.type + " " + kind.more,
           passphrase + "\n");
    m.must("echo data > /srv/" + name + "/file");
    // Run again, it has nothing to do.
    m.must("latchkey create-volume system " + name + " " + kind.size + " /srv/" + name + " " +
           kind.type + " " + kind.more);
    const Done grow = m.sh("latchkey resize-volume " + name + " +64M", passphrase + "\n");
    INFO(grow.output);
    CHECK(grow.status == 0);
    CHECK(m.must("cat /srv/" + name + "/file") == "data");
  }
  CHECK(std::stoi(m.must("df -m --output=size /srv/a-b | tail -1")) > 150);
  CHECK(std::stoi(m.must("df -m --output=size /srv/x | tail -1")) > 350);

  m.must("latchkey remove-volume a-b");
  CHECK(m.must("lvs --noheadings -o lv_name system/encrypted-a-b | xargs") == "encrypted-a-b");
  CHECK(m.sh("latchkey remove-volume x --wipe", passphrase + "\n").status ==
        exit_status(Code::refused));
  m.must("latchkey remove-volume x --wipe --confirm x", passphrase + "\n");
  CHECK(m.sh("lvs system/encrypted-x").status != 0);
  m.must("latchkey lock");
  m.must("release-services", passphrase + "\n");
  CHECK(m.must("cat /srv/bt/file /srv/ad/file") == "data\ndata");
}
