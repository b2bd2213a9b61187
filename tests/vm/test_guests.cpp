// SPDX-License-Identifier: GPL-3.0-or-later
// The guests that set-up and import begin with are what their stories take them for.
#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

struct Old {
  const char* name;
  const char* fstype;
  const char* header;  // what the header is known by
};

const std::vector<Old> old_volumes{
    {"mysql-data", "ext4", "pbkdf2"},
    {"www", "ext4", "pbkdf2"},
    {"media", "xfs", "argon2id"},
    {"archive", "btrfs", "pbkdf2"},
    {"old-mail", "ext4", "cbc-essiv:sha256"},
};

}  // namespace

TEST_CASE("a bare guest boots to its login with an empty volume group and nothing set up",
          "[.slow]") {
  Machine& m = guests().bare();
  m.load("login");
  CHECK(m.must("find /etc/latchkey -type f").empty());
  CHECK(m.must("vgs --noheadings -o vg_name,lv_count | xargs") == "system 0");
  CHECK(std::stoi(m.must("vgs --noheadings --nosuffix --units m -o vg_free | cut -d. -f1")) > 4000);
  CHECK(m.must("ls /boot/initrd.img-* | wc -l") == "1");
  m.must("command -v mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.f2fs cryptsetup latchkey");
  const Done status = m.sh("latchkey status");
  INFO(status.output);
  CHECK(status.status == exit_status(Code::missing));
  // Never set up, it waits for nobody.
  m.reset();
  m.come_up();
  CHECK(m.must("systemctl is-active nginx") == "active");
}

TEST_CASE("the legacy guest has five volumes, their odd keys, and services that are off",
          "[.slow]") {
  Machine& m = guests().legacy();
  m.load("login");
  CHECK(m.must("find /etc/latchkey -type f").empty());
  m.must(
      "cryptsetup open --key-file - /dev/system/encrypted-keys cleartext-keys && "
      "mkdir /tmp/keys && mount -o ro /dev/mapper/cleartext-keys /tmp/keys",
      m.passphrase());
  for (const Old& volume : old_volumes) {
    INFO(volume.name);
    const std::string name = volume.name;
    const std::string key = "/tmp/keys/system-" + name + ".key";
    const std::string device = "/dev/system/encrypted-" + name;
    CHECK(m.must("stat -c %s " + key) == "512");
    CHECK(has(m.must("cryptsetup luksDump " + device), volume.header));
    m.must("cryptsetup open --key-file " + key + " " + device + " cleartext-" + name);
    m.must("mkdir /tmp/data && mount -o ro /dev/mapper/cleartext-" + name + " /tmp/data");
    CHECK(m.must("findmnt -no FSTYPE /tmp/data") == volume.fstype);
    CHECK(m.sh("cd /tmp/data && sha256sum --quiet -c SHA256SUMS").status == 0);
    m.must("umount /tmp/data && rmdir /tmp/data && cryptsetup close cleartext-" + name);
  }
  CHECK(m.must("head -c 1 /tmp/keys/system-www.key | od -An -tx1 | xargs") == "0a");
  CHECK(m.must("head -c 1 /tmp/keys/system-mysql-data.key | od -An -tx1 | xargs") == "00");
  CHECK(has(m.must("cryptsetup luksDump /dev/system/encrypted-old-mail"), "Version:       \t1"));
  for (const std::string service : {"ledger", "nginx", "feed"}) {
    INFO(service);
    CHECK(m.sh("systemctl is-enabled " + service).status != 0);
    CHECK(m.sh("systemctl is-active " + service).status != 0);
  }
  CHECK(m.sh("service ledger start").status != 0);  // no data, no service
  CHECK(m.must("grep -c '^[a-z]' /root/encrypted-volumes/conf/ac-fstab") == "5");
  m.must("umount /tmp/keys && cryptsetup close cleartext-keys");
}
