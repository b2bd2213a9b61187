// SPDX-License-Identifier: GPL-3.0-or-later
// Volumes on every kind of storage, disks that are late, lost or slow.
#include <random>

#include "support/catch.hpp"
#include "support/guests.hpp"
#include "support/machine.hpp"

using namespace latchkey::test;

namespace {

const std::string parts = LATCHKEY_SOURCE_DIR "/tests/vm/guest/";

std::string open_volumes(Machine& m) {
  return m.must("ls /dev/mapper | sed -n 's/^cleartext-//p' | xargs");
}

}  // namespace

TEST_CASE("case 34, 43: volumes of all kinds open with a disk lost and another one late",
          "[.slow]") {
  Machine m("test-storage", {"--volumes", "a:ext4:64", "--spare", "256", "--install",
                             "mdadm,thin-provisioning-tools,fdisk", "--memory", "768", "--cmdline",
                             "mitigations=off"});
  m.unlock_and_boot();
  // From here on its images hold what is derived from its volumes, and little else.
  m.must("sh -s", text_of(parts + "quick-images"));
  m.disk("add", "one");
  m.disk("add", "two");
  m.disk("add", "four", {"--size", "320", "--sector", "4096"});
  m.until(
      "ls /dev/disk/by-id/virtio-latchkey-one /dev/disk/by-id/virtio-latchkey-two "
      "/dev/disk/by-id/virtio-latchkey-four");
  m.must("cat >/root/storage", text_of(parts + "storage"));
  const Done made = m.sh("sh /root/storage", m.passphrase());
  INFO(made.output);
  REQUIRE(made.status == 0);
  m.power_off();
  m.disk("pull", "two");
  m.disk("pull", "four");
  m.start();
  m.wait_early();
  m.save("early");

  // The lost disk costs nothing, a missing one its own volumes.
  {
    const Done done = m.early("unlock", m.passphrase());
    INFO(done.output);
    CHECK(done.status == 1);
    CHECK(has(done.output, "warning: the RAID array 'md"));
    CHECK(has(done.output, "warning: 'mirrored/mirror' was activated without a disk"));
    for (const char* lost : {"thin", "old", "adiantum", "lower", "upper", "detached"})
      CHECK(has(done.output, "cannot open '" + std::string(lost) + "': the device"));
    m.wait_login();
    CHECK(open_volumes(m) == "a md mirror");
    for (const char* volume : {"md", "mirror"})
      m.until("grep -qx " + std::string(volume) + " /srv/" + volume + "/marker");
  }
  // The late disk's volumes open as soon as it is there.
  m.load("early");
  {
    Child unlock = m.early_terminal("unlock");
    unlock.expect("passphrase");
    unlock.write(m.passphrase() + "\n");
    unlock.expect("keys volume is closed");
    m.disk("plug", "four");
    const int status = unlock.wait();
    INFO(unlock.output());
    CHECK(status == 0);
    m.wait_login();
    CHECK(open_volumes(m) == "a adiantum detached lower md mirror old thin upper");
    for (const char* volume : {"md", "mirror", "thin", "old", "adiantum", "upper", "detached"})
      m.until("grep -qx " + std::string(volume) + " /srv/" + volume + "/marker");

    // What lies on a volume is closed before it, and opens again.
    const Done locked = m.sh("latchkey lock");
    INFO(locked.output);
    CHECK(locked.status == 0);
    CHECK(open_volumes(m).empty());
    const Done again = m.sh("release-services", m.passphrase());
    INFO(again.output);
    CHECK(again.status == 0);
  }
}

TEST_CASE("case 38: however slow the disk, the keys come first and every volume opens", "[.slow]") {
  Machine& m = guests().plain();
  std::mt19937 random(38);
  for (int turn = 0; turn < 10; ++turn) {
    m.load("early");
    const std::string rate = std::to_string(std::uniform_int_distribution<>(15, 300)(random));
    INFO("turn " << turn << ", " << rate << " operations a second");
    m.monitor(R"({"execute": "block_set_io_throttle", "arguments": {"bps": 0, )"
              R"("id": "/machine/peripheral/system-disk/virtio-backend", )"
              R"("bps_rd": 0, "bps_wr": 0, "iops_rd": 0, "iops_wr": 0, "iops": )" +
              rate + "}}");
    const Done done = m.early("unlock", m.passphrase());
    INFO(done.output);
    REQUIRE(done.status == 0);
  }
}
