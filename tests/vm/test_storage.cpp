// SPDX-License-Identifier: GPL-3.0-or-later
// Volumes on every kind of storage, disks that are late, lost or slow.
#include <cstdio>
#include <exception>
#include <random>
#include <thread>

#include "support/catch.hpp"
#include "support/guests.hpp"
#include "support/machine.hpp"

using namespace latchkey::test;
using namespace std::chrono_literals;

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

namespace {

// The keys volume alone moves to what `make` makes of the disks $one and $two: an LV
// safe/encrypted-keys of $size. Then one of the two is lost.
void open_without_a_disk(const char* name, const std::string& make) {
  Machine m(name, quick({"--volumes", "a:ext4:64", "--memory", "768", "--install", "mdadm"}));
  m.unlock_and_boot();
  m.disk("add", "one");
  m.disk("add", "two");
  m.until("ls /dev/disk/by-id/virtio-latchkey-one /dev/disk/by-id/virtio-latchkey-two");
  m.must(
      "sh -s",
      "set -eu\n"
      "one=$(readlink -f /dev/disk/by-id/virtio-latchkey-one)\n"
      "two=$(readlink -f /dev/disk/by-id/virtio-latchkey-two)\n"
      "size=$(lvs --noheadings --nosuffix --units b -o lv_size system/encrypted-keys | xargs)b\n" +
          make +
          "lvchange -q -ay system/encrypted-keys\n"
          "dd if=/dev/system/encrypted-keys of=/dev/safe/encrypted-keys bs=1M conv=fsync "
          "status=none\n"
          "lvchange -q -an system/encrypted-keys safe/encrypted-keys\n"
          "lvremove -q -y system/encrypted-keys\n"
          "sed -i 's|system/encrypted-keys|safe/encrypted-keys|' /etc/latchkey/latchkey.conf\n"
          "update-initramfs -u\n");
  m.power_off();
  m.disk("pull", "two");
  m.start();
  m.wait_early();
  const Done done = m.early("unlock", m.passphrase());
  INFO(done.output);
  CHECK(done.status == 0);
  CHECK(has(done.output, "warning"));
  m.wait_login();
  m.until("grep -qx a /srv/a/marker");
}

}  // namespace

TEST_CASE("case 34, 43: a keys volume on an array opens with one of its disks lost", "[.slow]") {
  open_without_a_disk(
      "test-keys-array",
      "mdadm --quiet --create /dev/md0 --run --metadata=1.2 --level=1 --raid-devices=2 $one $two\n"
      "pvcreate -q /dev/md0; vgcreate -q safe /dev/md0\n"
      "lvcreate -q -y -L $size -n encrypted-keys safe\n"
      "mdadm --wait /dev/md0 || true\n");
}

TEST_CASE("case 34, 43: a keys volume on a mirrored LV opens with one of its disks lost",
          "[.slow]") {
  open_without_a_disk(
      "test-keys-mirror",
      "pvcreate -q $one $two; vgcreate -q safe $one $two\n"
      "lvcreate -q -y --type raid1 -m 1 -L $size -n encrypted-keys safe\n"
      "until lvs --noheadings -o sync_percent safe/encrypted-keys | grep -q 100; do :; done\n");
}

namespace {

// How many operations a second the disk does at the most; 0: as many as it can. It is QEMU's own
// state, which no snapshot sets back.
void throttle(Machine& m, const std::string& rate) {
  m.monitor(R"({"execute": "block_set_io_throttle", "arguments": {"bps": 0, )"
            R"("id": "/machine/peripheral/system-disk/virtio-backend", )"
            R"("bps_rd": 0, "bps_wr": 0, "iops_rd": 0, "iops_wr": 0, "iops": )" +
            rate + "}}");
}

class SlowDisk {
 public:
  explicit SlowDisk(Machine& m) : m_(m) {}
  SlowDisk(const SlowDisk&) = delete;
  SlowDisk& operator=(const SlowDisk&) = delete;
  ~SlowDisk() {
    try {
      throttle(m_, "0");
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
  }

 private:
  Machine& m_;
};

}  // namespace

TEST_CASE("case 38: however slow the disk, the keys come first and every volume opens", "[.slow]") {
  Machine& m = guests().plain();
  const SlowDisk disk(m);
  std::mt19937 random(38);
  for (int turn = 0; turn < 10; ++turn) {
    m.load("early");
    const std::string rate = std::to_string(std::uniform_int_distribution<>(15, 300)(random));
    INFO("turn " << turn << ", " << rate << " operations a second");
    throttle(m, rate);
    const Done done = m.early("unlock", m.passphrase());
    INFO(done.output);
    REQUIRE(done.status == 0);
    const std::size_t closed = done.output.find("the keys volume is closed");
    CHECK(closed != std::string::npos);
    CHECK(closed < done.output.find("' is open"));
  }
}

TEST_CASE(
    "case 34: a volume on USB, NVMe and SCSI disks opens from an image with their drivers only",
    "[.slow]") {
  Machine m("test-disks", quick({"--volumes", "a:ext4:64", "--memory", "1024", "--install",
                                 "linux-image-amd64"}));
  m.unlock_and_boot();
  struct Disk {
    std::string controller;  // none: the disk's own
    std::string device;
  };
  const std::vector<std::pair<std::string, Disk>> disks{
      {"usb", {R"("driver": "qemu-xhci")", R"("driver": "usb-storage", "bus": "usb-bus.0")"}},
      {"nvme", {"", R"("driver": "nvme", "serial": "n")"}},
      {"scsi", {R"("driver": "virtio-scsi-pci")", R"("driver": "scsi-hd", "bus": "scsi-bus.0")"}}};
  const auto add = [&m](const std::string& id, const std::string& what) {
    m.monitor(R"({"execute": "device_add", "arguments": {"id": ")" + id + "\", " + what + "}}");
  };
  for (const auto& [name, disk] : disks) {
    m.disk("add", name);
    m.until("ls /dev/disk/by-id/virtio-latchkey-" + name);
    m.disk("pull", name);
    m.until("! ls /dev/disk/by-id/virtio-latchkey-" + name + " 2>/dev/null");
    if (!disk.controller.empty()) add(name + "-bus", disk.controller);
    add(name + "-there", disk.device + R"(, "drive": ")" + name + "\"");
  }
  m.until("ls /dev/nvme0n1 /dev/sda /dev/sdb");
  m.must("vgcreate -qy discs /dev/nvme0n1 /dev/sda /dev/sdb");
  // Longer than any two of them.
  const Done made = m.sh("latchkey create-volume discs all 650M /srv/all ext4", m.passphrase());
  INFO(made.output);
  REQUIRE(made.status == 0);
  m.must("echo all >/srv/all/marker; sync");
  m.reboot();
  m.wait_early();
  m.unlock_and_boot();
  CHECK(open_volumes(m) == "a all");
  m.until("grep -qx all /srv/all/marker");
  CHECK(m.must("lvs --noheadings -o devices discs/encrypted-all | wc -l") == "3");
  // The same where the image is to hold what this machine needs and no more.
  m.must(
      "sed -i s/MODULES=list/MODULES=dep/ /etc/initramfs-tools/conf.d/test-quick-images && "
      "update-initramfs -u -k all");
  m.reboot();
  m.wait_early();
  m.unlock_and_boot();
  CHECK(open_volumes(m) == "a all");
}

TEST_CASE("case 43: a disk that comes long after the passphrase still has its volume opened",
          "[.slow]") {
  Machine m("test-late", {"--volumes", "a,b", "--memory", "768", "--late-disk"});
  m.wait_early();
  Child session = m.early_terminal("unlock");
  session.expect("passphrase");
  session.write(m.passphrase() + "\n");
  session.expect("keys volume");
  // Longer than any look for twins of its name.
  std::this_thread::sleep_for(10s);
  m.monitor(R"({"execute": "device_add", "arguments": {"driver": "virtio-blk-pci", )"
            R"("drive": "system", "id": "system-disk", "serial": "latchkey-system"}})");
  const int status = session.wait();
  INFO(session.output());
  CHECK(status == 0);
  m.wait_login();
  m.until("mountpoint -q /srv/a && mountpoint -q /srv/b");
}

TEST_CASE("case 43: a volume group that belongs to this machine by its name opens in early boot",
          "[.slow]") {
  Machine m("test-system-id", quick({"--volumes", "a,b", "--memory", "1024", "--cpus", "1"}));
  m.wait_early();
  m.unlock_and_boot();
  m.must("sed -i 's/# system_id_source = .none./system_id_source = \"uname\"/' /etc/lvm/lvm.conf");
  m.must("vgchange --yes --systemid \"$(uname -n)\" system");
  m.must("update-initramfs -u");
  m.reboot();
  m.wait_early();
  m.unlock_and_boot();
  CHECK(open_volumes(m) == "a b");
  CHECK(m.must("vgs --noheadings -o systemid system | xargs") == m.must("uname -n"));
}
