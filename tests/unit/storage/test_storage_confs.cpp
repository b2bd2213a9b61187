// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/storage_confs.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("case 43: LVM's settings are the same whatever their comments say") {
  CHECK(same_settings("# new\ndevices {\n\n\tfilter = 1\n}\n", "devices {\n  filter = 1\n}"));
  CHECK_FALSE(same_settings("filter = 1\n", "filter = 2\n"));
  CHECK_FALSE(same_settings("", "filter = 2\n"));
}

TEST_CASE("case 43: an image that names LVM's devices has to name all of them") {
  const std::string one =
      "# LVM uses devices listed in this file.\nVERSION=1.1.2\n"
      "IDTYPE=sys_wwid IDNAME=naa.1 DEVNAME=/dev/sda2 PVID=abc PART=2\n";
  const std::string renamed =
      "# Created by LVM command vgs pid 7\nVERSION=1.1.9\n"
      "IDTYPE=sys_wwid IDNAME=naa.1 DEVNAME=/dev/sdb2 PVID=abc PART=2\n";
  const std::string second = "IDTYPE=devname IDNAME=/dev/sdc DEVNAME=/dev/sdc PVID=def\n";
  CHECK(same_lvm_devices(one, renamed));
  CHECK(same_lvm_devices(one + second, renamed));
  CHECK_FALSE(same_lvm_devices(one, renamed + second));
  CHECK(same_lvm_devices("", one));        // every disk is used
  CHECK_FALSE(same_lvm_devices(one, ""));  // others may be there by now
  CHECK(same_lvm_devices("", ""));
}

TEST_CASE("case 43: an image that names arrays has to name the same") {
  const std::string array = "ARRAY /dev/md/0 metadata=1.2 UUID=1:2\n";
  const std::string host = "# mine\nCREATE owner=root\nMAILADDR root\n" + array;
  CHECK(same_arrays("#CREATE owner=root\nMAILADDR alice\n" + array, host));
  CHECK_FALSE(same_arrays("#CREATE owner=root\n" + array, host + "ARRAY /dev/md/1 UUID=3:4\n"));
  CHECK_FALSE(same_arrays("", host));
  // mdadm's hook has written what it found.
  CHECK(same_arrays(array, "DEVICE partitions\n"));
  CHECK(same_arrays(array, ""));
}
