// SPDX-License-Identifier: GPL-3.0-or-later
// The root file system itself is one of the volumes, or /usr and /var are.
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "support/machine.hpp"

using namespace latchkey::test;

namespace {

const std::string parts = LATCHKEY_SOURCE_DIR "/tests/vm/guest/";

// Built from the encrypted file systems, by whatever resolves their devices: the gate lets
// the image pass.
void check_image(Machine& m) {
  const Done built = m.sh("update-initramfs -u");
  INFO(built.output);
  CHECK(built.status == 0);
  const Done checked = m.sh("latchkey check");
  INFO(checked.output);
  CHECK(checked.status == 0);
}

// Booting on leads nowhere, so nobody can.
void check_no_way_on(Machine& m, const std::string& why) {
  const Done on = m.early("continue");
  INFO(on.output);
  CHECK(on.status == 12);
  CHECK(has(on.output, why));
}

}  // namespace

// Copies a system and builds two images where processors are emulated.
TEST_CASE("root on an encrypted volume: one passphrase, and no way on without it", "[.slow]") {
  Machine m("test-root", quick({"--volumes", "root:ext4:1500,db:ext4:64", "--memory", "768"}));
  m.unlock_and_boot();
  m.must("sh -s", text_of(parts + "move-root"));
  m.reboot();
  m.wait_early();

  check_no_way_on(
      m, "the root file system is the volume 'root', which is closed: give the passphrase");
  CHECK(m.early("unlock", "wrong").status == 6);
  m.unlock_and_boot();
  CHECK(m.must("findmnt -no SOURCE /") == "/dev/mapper/cleartext-root");
  CHECK(m.sh("[ -e /on-the-old-root ]").status == 1);
  m.until("latchkey status");
  CHECK(m.must("systemctl show -P ActiveState latchkey-release") != "failed");

  check_image(m);

  // What the system runs from is neither unmounted nor closed.
  const Done locked = m.sh("latchkey lock");
  INFO(locked.output);
  CHECK(locked.status == 0);
  CHECK(m.mappings() == std::vector<std::string>{"cleartext-root"});
  CHECK(m.must("lsattr -d / | cut -c5") == "-");
  const Done released = m.sh("release-services", m.passphrase());
  INFO(released.output);
  CHECK(released.status == 0);

  m.reboot();
  m.wait_early();
  m.unlock_and_boot();
  CHECK(m.must("findmnt -no SOURCE /") == "/dev/mapper/cleartext-root");
  m.until("latchkey status");
}

TEST_CASE("/usr and /var on encrypted volumes: no way on without /usr, and one without /var",
          "[.slow]") {
  Machine m("test-usr", quick({"--volumes", "usr:ext4:1200,var:ext4:700", "--memory", "768"}));
  m.unlock_and_boot();
  m.must("sh -s", text_of(parts + "move-folders"));
  // What fstab lacks is told word for word.
  const Done lacking = m.sh("latchkey check");
  INFO(lacking.output);
  CHECK(lacking.status != 0);
  m.must("latchkey check 2>&1 | sed -n 's/.*add: \\(\\/dev\\/mapper.*\\)/\\1/p' >> /etc/fstab");
  INFO(m.must("cat /etc/fstab"));
  CHECK(m.must("grep -c '^/dev/mapper/cleartext-' /etc/fstab") == "2");
  m.must("systemctl daemon-reload");
  m.must("update-initramfs -u");
  m.reboot();
  m.wait_early();

  // Early boot mounts /usr and would end at nobody's console without it.
  check_no_way_on(m, "/usr is the volume 'usr', which is closed");
  m.unlock_and_boot();
  CHECK(m.must("findmnt -no SOURCE /usr") == "/dev/mapper/cleartext-usr");
  CHECK(m.must("findmnt -no SOURCE /var") == "/dev/mapper/cleartext-var");
  m.until("latchkey status");

  // What lay there before is gone: the machine runs from its volumes alone.
  m.must("mount --bind / /mnt && rm -rf /mnt/usr/* /mnt/var/* && umount /mnt");
  const Done locked = m.sh("latchkey lock");
  INFO(locked.output);
  CHECK(locked.status == 0);
  CHECK(m.mappings().size() == 2);
  check_image(m);
  m.reboot();
  m.wait_early();
  m.unlock_and_boot();
  CHECK(m.must("findmnt -no SOURCE /usr") == "/dev/mapper/cleartext-usr");
  m.until("latchkey status");
  INFO(m.must("journalctl -b --no-pager -o short-monotonic -u 'latchkey-*'"));
  CHECK(m.must("systemctl --no-legend --failed list-units") == "");
}
