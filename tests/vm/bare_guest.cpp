// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/bare_guest.hpp"

#include "support/catch.hpp"

namespace latchkey::test {
namespace {

const std::string passphrase = Guests::bare_passphrase;

}  // namespace

Machine& inited() {
  Machine& m = guests().bare();
  static const Machine* made = nullptr;
  if (made == &m) {
    m.load("inited");
    return m;
  }
  m.load("login");
  const Done done =
      m.sh("latchkey init system --authorized-keys /root/.ssh/authorized_keys", passphrase + "\n");
  INFO(done.output);
  REQUIRE(done.status == 0);
  CHECK(has(done.output, "ssh -p 22 root@"));
  CHECK(has(done.output, "SHA256:"));
  CHECK(has(done.output, "HostKeyAlias"));
  CHECK_FALSE(has(done.output, passphrase));
  m.trust_early();
  m.save("inited");
  made = &m;
  return m;
}

void hide_kernels(Machine& m) {
  m.must("echo 'tmpfs /boot tmpfs defaults 0 0' >> /etc/fstab && mount /boot");
}

Machine& set_up() {
  static const Machine* made = nullptr;
  Machine& m = inited();
  if (made == &m) {
    m.load("set-up");
    return m;
  }
  m.must(
      "lvchange -ay system/encrypted-keys && cryptsetup luksConvertKey --pbkdf pbkdf2 "
      "--pbkdf-force-iterations 1000 --batch-mode --key-file - /dev/system/encrypted-keys && "
      "lvchange -an system/encrypted-keys",
      passphrase);
  hide_kernels(m);
  m.save("set-up");
  made = &m;
  return m;
}

void check_logs(Machine& m) {
  CHECK(m.must("findmnt -no SOURCE,FSTYPE /srv/logs | xargs") == "/dev/mapper/cleartext-logs ext4");
  CHECK(m.must("grep -c '^logs' /etc/latchkey/volumes") == "1");
  CHECK(m.must("lvs --noheadings -o lv_tags system/encrypted-logs | xargs") == "");
  CHECK(m.count("dmsetup ls", "cleartext-keys") == 0);
  CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());
  // The one key that opens it, and no other, lies on the keys volume.
  CHECK(m.must("cryptsetup luksDump --dump-json-metadata /dev/system/encrypted-logs | "
               "grep -c '\"type\":\"luks2\"'") == "1");
  const Done lock = m.sh("latchkey lock");
  INFO(lock.output);
  CHECK(lock.status == 0);
  const Done release = m.sh("release-services", passphrase + "\n");
  INFO(release.output);
  CHECK(release.status == 0);
}

}  // namespace latchkey::test
