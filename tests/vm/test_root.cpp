// SPDX-License-Identifier: GPL-3.0-or-later
// The root file system itself is one of the volumes.
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "support/machine.hpp"

using namespace latchkey::test;

namespace {

const std::string parts = LATCHKEY_SOURCE_DIR "/tests/vm/guest/";

}  // namespace

// Copies a system and builds two images where processors are emulated.
TEST_CASE("root on an encrypted volume: one passphrase, and no way on without it", "[.slow]") {
  Machine m("test-root", {"--volumes", "root:ext4:1500,db:ext4:64", "--memory", "768", "--cmdline",
                          "mitigations=off", "--script", parts + "quick-images", "--script",
                          parts + "early-nic"});
  m.unlock_and_boot();
  m.must("sh -s", text_of(parts + "move-root"));
  m.reboot();
  m.wait_early();

  // Booting on leads nowhere, so nobody can.
  const Done on = m.early("continue");
  INFO(on.output);
  CHECK(on.status == 12);
  CHECK(has(on.output, "the root file system is the volume 'root', which is closed"));
  CHECK(m.early("unlock", "wrong").status == 6);
  m.unlock_and_boot();
  CHECK(m.must("findmnt -no SOURCE /") == "/dev/mapper/cleartext-root");
  CHECK(m.sh("[ -e /on-the-old-root ]").status == 1);
  m.until("latchkey status");
  CHECK(m.must("systemctl is-failed latchkey-release || true") != "failed");

  // Built from the encrypted root, by whatever resolves its devices: the gate lets it pass.
  const Done built = m.sh("update-initramfs -u");
  INFO(built.output);
  CHECK(built.status == 0);
  const Done checked = m.sh("latchkey check");
  INFO(checked.output);
  CHECK(checked.status == 0);

  // What the system runs from is neither unmounted nor closed.
  const Done locked = m.sh("latchkey lock");
  INFO(locked.output);
  CHECK(locked.status == 0);
  CHECK(m.must("ls /dev/mapper | grep cleartext | xargs") == "cleartext-root");
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
