// SPDX-License-Identifier: GPL-3.0-or-later
// Backups: what is lost is put back, what works is left alone.
#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "vm/kill_story.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

// Two volumes, at the login, with a backup of them in /root/b. Without kernels in
// /boot no image is built, which other stories are about. Snapshot `backed-up`.
Machine& backed_up() {
  return guests().plain("backed-up", [](Machine& m) {
    (void)guests().unlocked_without_images();
    m.must("latchkey -q lock && sed -i -E '/^[cd][[:blank:]]/d' /etc/latchkey/volumes");
    m.must("latchkey -q backup /root/b", m.passphrase());
  });
}

// Of every device: nothing, not even the keys volume's name, is left of Latchkey.
void wipe_all(Machine& m) {
  m.must(
      "for v in a b; do dd if=/dev/zero of=/dev/system/encrypted-$v bs=1M count=16 conv=fsync "
      "status=none; done; lvm lvremove -qy system/encrypted-keys");
}

std::string hashes(Machine& m) {
  return m.must(
      "lvm lvchange -ay system/encrypted-keys && sha256sum /dev/system/encrypted-[abk]* && "
      "lvm lvchange -an system/encrypted-keys");
}

void check_restored(Machine& m) {
  CHECK(m.must("lvm lvs --noheadings -o lv_tags system/encrypted-keys | xargs").empty());
  CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());
  CHECK(m.must("stat -c %a /etc/latchkey") == "755");
  CHECK(m.must("lvm lvs --noheadings -o lv_active system/encrypted-keys | xargs").empty());
  const Done release = m.sh("release-services", m.passphrase());
  INFO(release.output);
  CHECK(release.status == 0);
  CHECK(m.must("cat /srv/a/marker /srv/b/marker") == "a\nb");
}

}  // namespace

TEST_CASE("backup: the drill: every header is wiped, restored, and the data is there") {
  Machine& m = backed_up();
  const Done good = m.sh("latchkey backup --verify /root/b", m.passphrase());
  INFO(good.output);
  CHECK(good.status == 0);
  wipe_all(m);
  // Two causes, and so neither's own status: a keys volume that is not there, and
  // headers that are damaged.
  const Done lost = m.sh("latchkey unlock", m.passphrase());
  CHECK(lost.status == exit_status(Code::partial));
  CHECK(has(lost.output, "has no valid LUKS header"));
  const Done done = m.sh("rm -r /etc/latchkey; latchkey restore /root/b", m.passphrase());
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK(has(done.output, "to go on, run: release-services"));
  check_restored(m);
}

TEST_CASE("backup: one flipped bit, or another passphrase, and nothing is restored", "[.slow]") {
  Machine& m = backed_up();
  const std::string before = hashes(m);
  m.must("cp /root/b /root/bad && printf '\\377' | dd of=/root/bad bs=1 seek=5000000 conv=notrunc");
  for (const std::string verb : {"backup --verify", "restore"}) {
    const Done bad = m.sh("latchkey " + verb + " /root/bad", m.passphrase());
    INFO(bad.output);
    CHECK(bad.status == exit_status(Code::damaged));
    CHECK(has(bad.output, "the keys volume is damaged"));
    CHECK(m.sh("latchkey " + verb + " /root/b", "wrong\n").status == exit_status(Code::denied));
  }
  CHECK(hashes(m) == before);
}

TEST_CASE("backup: a restore onto what works changes nothing, and takes nothing without a word",
          "[.slow]") {
  Machine& m = backed_up();
  const std::string before = hashes(m);
  const Done idle = m.sh("latchkey restore --overwrite a /root/b", m.passphrase());
  INFO(idle.output);
  CHECK(idle.status == 0);
  CHECK(has(idle.output, "nothing was written"));
  CHECK(hashes(m) == before);

  m.must("mkfs.ext4 -qF /dev/system/encrypted-b");
  const Done refused = m.sh("latchkey restore /root/b", m.passphrase());
  INFO(refused.output);
  CHECK(refused.status == exit_status(Code::partial));
  CHECK(has(refused.output, "'b'"));
  CHECK(has(refused.output, "it holds ext4"));
  CHECK(has(refused.output, "--overwrite b"));
  const Done forced = m.sh("latchkey restore --overwrite b /root/b", m.passphrase());
  INFO(forced.output);
  CHECK(forced.status == 0);
  CHECK(m.sh("latchkey unlock", m.passphrase()).status == 0);

  m.must(
      "printf x | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 "
      "--pbkdf-force-iterations 1000 --header /root/other /dev/system/encrypted-a - && "
      "dd if=/root/other of=/dev/system/encrypted-a conv=fsync,notrunc status=none");
  const Done open = m.sh("latchkey restore --overwrite a /root/b", m.passphrase());
  INFO(open.output);
  CHECK(open.status == exit_status(Code::partial));
  CHECK(has(open.output, "it is in use: 'cleartext-a' lies on it"));
  m.must("latchkey lock");
  CHECK(m.sh("latchkey restore --overwrite a /root/b", m.passphrase()).status == 0);
  CHECK(m.sh("latchkey unlock", m.passphrase()).status == 0);
}

TEST_CASE("backup: a key file that is lost, or newer than the header that was put back, returns",
          "[.slow]") {
  Machine& m = backed_up();
  const auto in_keys = [&](const std::string& command) {
    return m.must("latchkey -q mount-keys --write < /root/p && cd /run/latchkey/keys && " +
                  command + " && cd / && latchkey -q umount-keys");
  };
  m.must("cat > /root/p", m.passphrase());
  CHECK(has(m.must("cat /etc/latchkey/state.json"), "\"unsaved\": false"));
  in_keys("rm system-a.key && head -c 64 /dev/urandom > system-b.key");
  CHECK(has(m.must("cat /etc/latchkey/state.json"), "\"unsaved\": true"));
  m.must("dd if=/dev/zero of=/dev/system/encrypted-b bs=1M count=16 conv=fsync status=none");
  const Done done = m.sh("latchkey restore /root/b", m.passphrase());
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK(has(done.output, "the key of 'a' is put back into the keys volume"));
  CHECK(has(done.output, "is kept there as 'system-b.key.before-restore'"));
  check_restored(m);
}

TEST_CASE("backup: one of before a rekey brings no old keys volume back, and calls no key lost",
          "[.slow]") {
  Machine& m = backed_up();
  m.must("latchkey -q rekey", m.passphrase() + "\nquite another one for rekey\n");
  const Done done = m.sh("latchkey restore /root/b", m.passphrase());
  INFO(done.output);
  CHECK(done.status == exit_status(Code::partial));
  CHECK(has(done.output, "latchkey.conf names another one, system/encrypted-keys-2"));
  CHECK(has(done.output, "whether the keys in use open their volumes is not known"));
  CHECK_FALSE(has(done.output, "no key opens"));
  CHECK(has(done.output, "nothing was written"));
  CHECK(m.must("lvm lvs --noheadings -o lv_name system | grep keys | xargs") == "encrypted-keys-2");
}

TEST_CASE("backup: a volume that is configured by its UUID is restored where it is said to be",
          "[.slow]") {
  Machine& m = backed_up();
  const std::string uuid = m.must("cryptsetup luksUUID /dev/system/encrypted-a");
  m.must("sed -i 's,^a[[:blank:]].*,a UUID=" + uuid +
         " /srv/a ext4 x-latchkey.key=system-a.key,' /etc/latchkey/volumes");
  m.must("latchkey -q backup /root/by-uuid", m.passphrase());
  m.must(
      "dd if=/dev/zero of=/dev/system/encrypted-a bs=1M count=16 conv=fsync status=none && "
      "udevadm settle");
  const auto restore = [&](const std::string& words) {
    return m.sh("latchkey restore /root/by-uuid " + words, m.passphrase());
  };
  const Done lost = restore("");
  INFO(lost.output);
  CHECK(lost.status == exit_status(Code::partial));
  CHECK(has(lost.output, "--device a=DEVICE"));
  const std::string before = hashes(m);
  const Done other = restore("--overwrite a --device a=/dev/system/encrypted-b");
  INFO(other.output);
  CHECK(other.status == exit_status(Code::partial));
  CHECK(has(other.output, "the device of the volume 'b'"));
  CHECK(hashes(m) == before);
  const Done done = restore("--device a=/dev/system/encrypted-a");
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK(m.must("cryptsetup luksUUID /dev/system/encrypted-a") == uuid);
  check_restored(m);
}

TEST_CASE("backup: a blank device that the kernel named is written only when a person names it too",
          "[.slow]") {
  Machine& m = backed_up();
  const std::string name = m.must("readlink -f /dev/system/encrypted-a");
  m.must("sed -i 's,^a[[:blank:]].*,a " + name +
         " /srv/a ext4 x-latchkey.key=system-a.key,' /etc/latchkey/volumes");
  m.must("latchkey -q backup /root/by-name", m.passphrase());
  m.must(
      "dd if=/dev/zero of=/dev/system/encrypted-a bs=1M count=16 conv=fsync status=none && "
      "udevadm settle");
  const std::string before = hashes(m);
  const Done asked = m.sh("latchkey restore /root/by-name", m.passphrase());
  INFO(asked.output);
  CHECK(asked.status == exit_status(Code::partial));
  CHECK(has(asked.output, "nothing on it tells that it is the one of 'a'"));
  CHECK(has(asked.output, "add: --device a=" + name));
  CHECK(hashes(m) == before);
  const Done done = m.sh("latchkey restore /root/by-name --device a=" + name, m.passphrase());
  INFO(done.output);
  CHECK(done.status == 0);
  check_restored(m);
}

TEST_CASE("backup: a restore, killed between any two steps, goes on where it was", "[.slow]") {
  Machine& m = backed_up();
  wipe_all(m);
  m.must("rm /etc/latchkey/authorized_keys");
  m.save("lost");
  KillStory story;
  story.verb = "restore";
  story.arguments = "/root/b";
  story.input = m.passphrase();
  story.snapshot = "lost";
  story.unfinished = "'restore' of 'backup'";
  story.check = check_restored;
  prove_table(story.verb, kill_everywhere(m, story));
}

// The header of before has the same UUID, and the same key file opens it.
TEST_CASE("backup: a header from before a volume was encrypted anew is told while it is open",
          "[.slow]") {
  Machine& m = backed_up();
  m.must("release-services", m.passphrase());
  m.must("latchkey mount-keys", m.passphrase());
  m.must(
      "cryptsetup reencrypt --resilience none --key-file /run/latchkey/keys/system-a.key "
      "/dev/system/encrypted-a && latchkey umount-keys");
  m.must("dd if=/dev/zero of=/dev/system/encrypted-a bs=1M count=16 conv=fsync status=none");
  for (int time = 0; time < 2; ++time) {  // also when it is there already
    const Done told = m.sh("latchkey restore /root/b", m.passphrase());
    INFO(told.output);
    CHECK(told.status != 0);
    CHECK(has(told.output, "does not belong to 'cleartext-a', which is open"));
    CHECK(has(told.output, "do not lock it and do not reboot"));
  }
  CHECK(m.must("cat /srv/a/marker") == "a");
  // A newer one has it; and what was open all the time is left alone.
  CHECK(m.must("dmsetup ls | grep -c latchkey-restore || true") == "0");
}
