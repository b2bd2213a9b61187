// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/device_ref.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("a device is named by VG/LV, path, UUID, PARTUUID or label") {
  struct Case {
    const char* text;
    const char* path;
  };
  for (const Case& c :
       {Case{"system/encrypted-mysql", "/dev/mapper/system-encrypted--mysql"},
        Case{"my-vg/a-b", "/dev/mapper/my--vg-a--b"}, Case{"/dev/sdb1", "/dev/sdb1"},
        Case{"/dev/mapper/x", "/dev/mapper/x"}, Case{"UUID=0a-1B", "/dev/disk/by-uuid/0a-1B"},
        Case{"UUID=\"0a\"", "/dev/disk/by-uuid/0a"},
        Case{"UUID=0123ABCD-0123-4567-89AB-0123456789AB",
             "/dev/disk/by-uuid/0123abcd-0123-4567-89ab-0123456789ab"},
        Case{"UUID=4E1A-00BD", "/dev/disk/by-uuid/4E1A-00BD"},
        Case{"PARTUUID=DEADBEEF-01", "/dev/disk/by-partuuid/deadbeef-01"},
        Case{"PARTUUID=12-34", "/dev/disk/by-partuuid/12-34"},
        Case{"LABEL=my data", "/dev/disk/by-label/my\\x20data"},
        Case{"PARTLABEL=x", "/dev/disk/by-partlabel/x"}}) {
    INFO(c.text);
    const auto ref = parse_device_ref(c.text);
    REQUIRE(ref);
    CHECK(ref->path() == c.path);
  }
}

TEST_CASE("a name that the kernel gives out as it finds disks may change") {
  for (const char* text :
       {"/dev/sdb1", "/dev/nvme0n1p2", "/dev/vda", "/dev/dm-3", "/dev/mmcblk0p1", "/dev/md0",
        "/dev/md127p1", "/dev/block/8:1", "/dev/disk/by-diskseq/3", "/dev/bcache0", "/dev/zd16",
        "/dev/rbd1", "/dev/pmem0", "/dev/dasda1", "/dev/ublkb0", "/dev/mtdblock3"})
    CHECK(parse_device_ref(text)->may_change());
  for (const char* text :
       {"system/sd", "/dev/system/sda", "/dev/mapper/sda", "/dev/disk/by-id/sda", "/dev/md/data",
        "/dev/md", "/dev/mdadm", "/dev/bcache", "/dev/rbd/pool/image", "/dev/bcache-fast",
        "/dev/my-disk", "UUID=0a", "LABEL=/dev/sda"})
    if (const auto ref = parse_device_ref(text)) CHECK_FALSE(ref->may_change());
}

TEST_CASE("what names no device says why") {
  for (const char* bad :
       {"", "sdb1", "system/", "/system", "a/b/c", "-o/x", "UUID=", "UUID=xyz", "UUID=../../x",
        "LABEL=a\nb", "LABEL=a/b", "/dev/../etc/passwd", "/dev//sda", "/etc/passwd", "/dev/a\nb"}) {
    INFO(bad);
    const auto ref = parse_device_ref(bad);
    REQUIRE_FALSE(ref);
    CHECK(ref.error().code == Code::config);
    CHECK_FALSE(ref.error().why.empty());
  }
}

TEST_CASE("a device-mapper name tells the LV that can have it") {
  const auto text = [](const char* name) {
    const auto lv = lv_of_dm_name(name);
    return lv ? lv->text() : std::string();
  };
  CHECK(text("system-encrypted--www") == "system/encrypted-www");
  CHECK(text("big--vg-a--b") == "big-vg/a-b");
  for (const char* none : {"", "system", "a-b-c", "a-", "-b", "cleartext--www"})
    CHECK(text(none).empty());
  const DeviceRef lv{.kind = DeviceRef::Kind::lv, .vg = "my-vg", .lv = "x--y-"};
  CHECK(lv_of_dm_name(dm_lv_name(lv.vg, lv.lv)) == lv);
}
