// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/storage/storage.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/kernel/modules.hpp"
#include "sys/network/network_user.hpp"
#include "sys/storage/iscsi.hpp"
#include "sys/storage/lvm_command.hpp"
#include "sys/storage/storage.hpp"

using namespace latchkey;
using Lines = std::vector<std::string>;
namespace fs = std::filesystem;

namespace {

// A /sys with a disk of two partitions, an array on the second, and an LV on the array.
class FakeSys {
 public:
  FakeSys() {
    disk("vda", "pci0/virtio0");
    device("devices/pci0/virtio0/block/vda/vda1");
    device("devices/pci0/virtio0/block/vda/vda2");
    std::ofstream(sys() / "devices/pci0/virtio0/block/vda/vda1/partition") << "1\n";
    std::ofstream(sys() / "devices/pci0/virtio0/block/vda/vda2/partition") << "2\n";
    disk("vdb", "pci0/virtio1");
    device("devices/virtual/block/md0");
    device("devices/virtual/block/dm-0");
    slave("md0", "vda2");
    slave("md0", "vdb");
    slave("dm-0", "md0");
    driver("devices/pci0/virtio0", "virtio_blk");
    driver("devices/pci0", "virtio_pci");
    // With two controllers, as the kernel's own multipath shows it.
    const std::string subsystem = "devices/virtual/nvme-subsystem/nvme-subsys0";
    disk("nvme0n1", "virtual/nvme-subsystem/nvme-subsys0", "");
    for (const char* name : {"nvme0", "nvme1"}) {
      const std::string at = std::string("devices/pci1/") + name + "x/nvme/" + name;
      fs::create_directories(sys() / at);
      fs::create_directory_symlink(sys() / at, sys() / subsystem / name);
    }
    driver("devices/pci1/nvme0x", "nvme");
    driver("devices/pci1/nvme1x", "nvme_other");
  }
  // As iTCO_wdt is there: a device without a class of its own, made by the driver of a bus.
  void add_watchdogs() {
    const std::string bus = "devices/pci0/i2c";
    fs::create_directories(sys() / bus / "itco/watchdog/watchdog0");
    driver(bus, "i2c_i801");
    driver(bus + "/itco", "iTCO_wdt");
    fs::create_directories(sys() / "devices/virtual/watchdog/watchdog1");  // softdog
    fs::create_directories(sys() / "class/watchdog");
    for (const char* at :
         {"devices/pci0/i2c/itco/watchdog/watchdog0", "devices/virtual/watchdog/watchdog1"})
      fs::create_directory_symlink(sys() / at, sys() / "class/watchdog" / fs::path(at).filename());
    fs::create_directory_symlink(sys() / bus / "itco",
                                 sys() / bus / "itco/watchdog/watchdog0/device");
  }
  [[nodiscard]] const std::string& root() const { return root_.path(); }
  [[nodiscard]] fs::path sys() const { return fs::path(root()) / "sys"; }

 private:
  void device(const std::string& at) {
    fs::create_directories(sys() / at / "slaves");
    fs::create_directories(sys() / "class/block");
    fs::create_directory_symlink(sys() / at, sys() / "class/block" / fs::path(at).filename());
  }
  void disk(const std::string& name, const std::string& on, const std::string& in = "/block") {
    device("devices/" + on + in + "/" + name);
    fs::create_directory_symlink(
        sys() / "devices" / on, fs::path(sys().string() + "/devices/" + on + in) / name / "device");
  }
  void slave(const std::string& above, const std::string& below) {
    fs::create_directory_symlink(sys() / "class/block" / below,
                                 sys() / "class/block" / above / "slaves" / below);
  }
  void driver(const std::string& device, const std::string& name) {
    fs::create_directories(sys() / "module" / name);
    fs::create_directories(sys() / device / "driver");
    fs::create_directory_symlink(sys() / "module" / name, sys() / device / "driver/module");
  }

  test::TempFolder root_{};
};

}  // namespace

TEST_CASE("case 34, 43: each layer below a volume has its modules") {
  CHECK(storage_modules({}).empty());
  CHECK(storage_modules({.targets = {"linear", "striped"}}).empty());
  CHECK(storage_modules({.targets = {"linear", "thin", "thin-pool"}}) == Lines{"dm_thin_pool"});
  const Lines raid = storage_modules({.targets = {"raid"}});
  for (const char* name : {"dm_raid", "raid1", "raid10", "raid456"}) {
    INFO(name);
    CHECK(std::ranges::find(raid, name) != raid.end());
  }
  CHECK(storage_modules({.md_levels = {"raid1", "raid6"}}) == Lines{"md_mod", "raid1", "raid456"});
  CHECK(storage_modules({.targets = {"vdo"}}) == Lines{"dm-vdo"});
  CHECK(storage_modules({.targets = {"crypt"}}) == Lines{"dm_crypt"});
}

TEST_CASE("case 34, 43: each layer below a volume has its programs") {
  CHECK(storage_tools({.targets = {"linear", "raid", "crypt"}}).empty());
  CHECK(storage_tools({.md_levels = {"raid1"}}) ==
        std::vector<StorageTool>{{"/sbin/mdadm", "mdadm"}});
  CHECK(storage_tools({.targets = {"thin"}}) ==
        std::vector<StorageTool>{{"/usr/sbin/thin_check", "thin-provisioning-tools"}});
}

TEST_CASE("layers that early boot has by another package, or not at all") {
  const std::string lun = "/sys/devices/platform/host3/session1/target3:0:0/3:0:0:1/block/sdb";
  CHECK(late_kind("sdb", lun) == "iscsi");
  // An adapter's session is one as well: iSER's, bnx2i's.
  CHECK(late_kind("sdb", "/sys/devices/pci0/host3/session1/target3:0:0/block/sdb") == "iscsi");
  CHECK(late_kind("sdb", "/sys/devices/pci0/host3/rport-3:0-1/target3:0:0/block/sdb").empty());
  for (const char* at : {"/sys/devices/virtual/nvme-fabrics/ctl/nvme0/nvme0n1",
                         "/sys/devices/virtual/nvme-fabrics/ctl/nvme1"})
    CHECK(late_kind("nvme0n1", at) == "nvmeof");
  CHECK(late_kind("nvme0n1", "/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1").empty());
  CHECK(late_kind("etherd!e1.1", "/sys/devices/virtual/block/etherd!e1.1") == "etherd");
  CHECK(late_kind("rnbd0", "") == "rnbd");
  CHECK(late_kind("sda", "/sys/devices/platform/ahci/ata1/host0/target0:0:0/block/sda").empty());
  CHECK(late_kind("loop0", "/sys/devices/virtual/block/loop0") == "loop");
  CHECK(late_kind("drbd1", "") == "drbd");
  CHECK(late_kind("rbd0p1", "") == "rbd");
  CHECK(late_kind("zd16", "") == "zd");
  for (const char* name : {"loop", "zram0", "dm-0", "md0", "nvme0n1", ""})
    CHECK(late_kind(name, "/sys/devices/virtual/block").empty());
  CHECK(late_layers({.targets = {"linear", "crypt"}}).empty());
  const auto multipath = late_layers({.targets = {"multipath"}});
  REQUIRE(multipath.size() == 1);
  CHECK(multipath.front().package == "multipath-tools-boot");
  CHECK(multipath.front().also_without);
  const auto loop = late_layers({.late = {"loop"}});
  REQUIRE(loop.size() == 1);
  CHECK(loop.front().programs.empty());
  // Its part is in each image; it connects what the kernel's command line names.
  const auto nbd = late_layers({.late = {"nbd"}});
  REQUIRE(nbd.size() == 1);
  CHECK(nbd.front().options.front() == "nbdroot=");
  // ZFS' part imports nothing where / lies elsewhere.
  const auto zvol = late_layers({.late = {"zd"}});
  REQUIRE(zvol.size() == 1);
  CHECK(zvol.front().programs.empty());
}

TEST_CASE("an adapter that logs in by itself is told from one that a program logs in") {
  const test::TempFolder root;
  const std::string session = "/sys/devices/pci0/host3/session1/target3:0:0/3:0:0:1/block/sdb";
  CHECK(session_host(session) == "host3");
  CHECK(session_host("/sys/devices/pci0/host3/iscsi_host/host3").empty());
  CHECK_FALSE(iscsi_by_itself(root.path(), session));
  fs::create_directories(root.file("sys/class/scsi_host/host3"));
  for (const std::string driver : {"qla4xxx", "be2iscsi", "bnx2i", "iscsi_iser", "iscsi_tcp"}) {
    std::ofstream(root.file("sys/class/scsi_host/host3/proc_name")) << driver << "\n";
    CHECK(iscsi_by_itself(root.path(), session) == (driver == "qla4xxx" || driver == "be2iscsi"));
    CHECK_FALSE(iscsi_by_itself(root.path(), "/sys/devices/pci0/host3/target3:0:0"));
  }
}

TEST_CASE("a disk of NVMe's own multipath is looked at by its controllers") {
  const FakeSys fake;
  const std::string top = fake.sys().string() + "/devices/";
  Lines found = controllers_of(top + "virtual/nvme-subsystem/nvme-subsys0");
  std::ranges::sort(found);
  CHECK(found == Lines{top + "pci1/nvme0x/nvme/nvme0", top + "pci1/nvme1x/nvme/nvme1",
                       top + "virtual/nvme-subsystem/nvme-subsys0"});
  CHECK(controllers_of(top + "pci0/virtio0") == Lines{top + "pci0/virtio0"});
}

TEST_CASE("what lies on the network keeps the links up, and nothing else does") {
  const test::TempFolder root;
  const auto put = [&](const std::string& file, const std::string& text) {
    fs::create_directories(fs::path(root.file(file)).parent_path());
    std::ofstream(root.file(file)) << text;
  };
  CHECK(network_user(root.path()).empty());
  put("sys/class/nvme/nvme0/transport", "pcie\n");
  put("sys/block/nbd0/size", "0\n");
  put("sys/block/sda/size", "8\n");
  put("proc/mounts", "/dev/sda1 / ext4 rw 0 0\n");
  CHECK(network_user(root.path()).empty());
  put("proc/mounts", "server:/data /data nfs4 rw 0 0\n");
  CHECK(network_user(root.path()) == "a mount of type nfs4");
  put("sys/block/etherd!e1.1/size", "8\n");
  CHECK(network_user(root.path()) == "a network block device (etherd!e1.1)");
  put("sys/class/nvme/nvme1/transport", "tcp\n");
  CHECK(network_user(root.path()) == "NVMe over the network (nvme1)");
  put("sys/class/iscsi_session/session1/state", "LOGGED_IN\n");
  CHECK(network_user(root.path()) == "an iSCSI session (session1)");
}

TEST_CASE("an adapter that logs in by itself keeps no link of ours up") {
  const test::TempFolder root;
  const std::string session = root.file("sys/devices/pci0/host3/session1/iscsi_session/session1");
  fs::create_directories(session);
  fs::create_directories(root.file("sys/class/iscsi_session"));
  fs::create_directories(root.file("sys/class/scsi_host/host3"));
  fs::create_directory_symlink(session, root.file("sys/class/iscsi_session/session1"));
  CHECK(network_user(root.path()) == "an iSCSI session (session1)");
  std::ofstream(root.file("sys/class/scsi_host/host3/proc_name")) << "qla4xxx\n";
  CHECK(network_user(root.path()).empty());
  std::ofstream(root.file("sys/class/scsi_host/host3/proc_name")) << "bnx2i\n";
  CHECK(network_user(root.path()) == "an iSCSI session (session1)");
}

TEST_CASE("all that a volume lies on is found, down to the disks of an array") {
  const FakeSys fake;
  Lines below = devices_below(fake.root(), "dm-0");
  std::ranges::sort(below);
  CHECK(below == Lines{"dm-0", "md0", "vda", "vda2", "vdb"});
  CHECK(devices_below(fake.root(), "nothing").empty());
  CHECK(drivers_of(fake.root(), (fake.sys() / "class/block/vda/device").string()) ==
        Lines{"virtio_blk", "virtio_pci"});
  CHECK(drivers_of(fake.root(), (fake.sys() / "class/block/nvme0n1/device").string()) ==
        Lines{"nvme", "nvme_other"});
  CHECK(storage_of(fake.root(), "/dev/null").layers.targets.empty());
}

TEST_CASE("a watchdog that the firmware started has its driver while a passphrase is waited for") {
  FakeSys fake;
  CHECK(watchdog_modules(fake.root()).empty());
  fake.add_watchdogs();
  CHECK(watchdog_modules(fake.root()) == Lines{"iTCO_wdt", "i2c_i801", "virtio_pci"});
}

TEST_CASE("a disk that hangs: LVM is kept from what lies on it, and from nothing else") {
  const FakeSys sys;
  CHECK(devices_on(sys.root(), {"vdb"}) == Lines{"/dev/dm-0", "/dev/md0", "/dev/vdb"});
  CHECK(devices_on(sys.root(), {"nvme0n1"}) == Lines{"/dev/nvme0n1"});
  CHECK(devices_on(sys.root(), {}).empty());
}
