// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/slots.hpp"

#include "core/base/result.hpp"
#include "support/catch.hpp"

namespace latchkey::test {

bool opens(Machine& m, const std::string& passphrase) {
  m.must("lvm lvchange -ay system/encrypted-keys");
  return m.sh("cryptsetup open --test-passphrase --key-file - " + keys_device, passphrase).status ==
         0;
}

std::string slots(Machine& m) { return m.must("latchkey -q remove-passphrase"); }

Done killed(Machine& m, const std::string& command, const std::string& input) {
  return m.sh("latchkey " + command + "; exit $?", input);
}

bool key_opens(Machine& m, const std::string& volume, const std::string& lv) {
  m.must("latchkey -q mount-keys", m.passphrase());
  const Done done = m.sh("cryptsetup open --test-passphrase --key-file /run/latchkey/keys/system-" +
                         volume + ".key " + (lv.empty() ? "/dev/system/encrypted-" + volume : lv));
  m.must("latchkey -q umount-keys");
  return done.status == 0;
}

bool old_copy_opens(Machine& m, const std::string& volume) {
  const Done done = m.sh(
      "set -e; loop=$(losetup -f --show /root/old-keys.img); "
      "cryptsetup open --key-file - $loop old-keys; mount -o ro,noload /dev/mapper/old-keys /mnt; "
      "r=0; cryptsetup open --test-passphrase --key-file /mnt/system-" +
          volume + ".key /dev/system/encrypted-" + volume +
          " || r=77; "
          "umount /mnt; cryptsetup close old-keys; losetup -d $loop; exit $r",
      m.passphrase());
  INFO(done.output);
  CHECK((done.status == 0 || done.status == 77));
  return done.status == 0;
}

void keep_a_copy(Machine& m) {
  m.must(
      "latchkey -q mount-keys --write && echo mine > /run/latchkey/keys/note && "
      "latchkey -q umount-keys",
      m.passphrase());
  m.must("latchkey -q backup /root/before", m.passphrase());
  m.must(
      "lvm lvchange -ay system/encrypted-keys && "
      "dd if=/dev/system/encrypted-keys of=/root/old-keys.img bs=1M status=none && "
      "lvm lvchange -an system/encrypted-keys");
  // So that no image is built: in a guest without KVM one takes minutes.
  m.must("sync && mount -t tmpfs tmpfs /boot");
}

void check_rekeyed(Machine& m) {
  CHECK(m.must("lvm lvs --noheadings -o lv_name system | grep keys | tr -d ' '") ==
        "encrypted-keys-2");
  CHECK(m.must("lvm lvs --noheadings -o lv_active,lv_tags system/encrypted-keys-2 | tr -d ' '")
            .empty());
  CHECK(m.count("cat /proc/mounts", "keys") == 0);
  for (const std::string volume : {"a", "b", "c", "d"}) {
    CHECK_FALSE(old_copy_opens(m, volume));
    CHECK(m.must("cryptsetup luksDump /dev/system/encrypted-" + volume + " | grep -c ': luks2'") ==
          "1");
  }
  CHECK(m.sh("latchkey mount-keys", m.passphrase()).status == exit_status(Code::denied));
  m.must("latchkey -q mount-keys", next_passphrase);
  CHECK(m.must("cat /run/latchkey/keys/note") == "mine");
  // Who had the old keys volume has what sealed the backups of before, and of none since.
  m.must("test ! -e /run/latchkey/keys/backup.auth");
  m.must("latchkey -q umount-keys");
  for (const std::string volume : {"a", "b", "c", "d"})
    CHECK(has(m.sh("latchkey check --with-keys --verbose", next_passphrase).output,
              "the key of '" + volume + "' opens its key slot"));
}

}  // namespace latchkey::test
