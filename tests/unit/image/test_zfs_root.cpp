// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/catch.hpp"
#include "sys/image/zfs_root.hpp"

using namespace latchkey;

TEST_CASE("a root of ZFS is known by what is mounted there last") {
  CHECK_FALSE(zfs_on_root(""));
  CHECK_FALSE(zfs_on_root("/dev/vda1 / ext4 rw 0 0\ntank/home /home zfs rw 0 0\n"));
  CHECK(zfs_on_root("rootfs / rootfs rw 0 0\nrpool/ROOT/debian / zfs rw,xattr 0 0\n") ==
        "rpool/ROOT/debian");
  CHECK_FALSE(zfs_on_root("rpool/ROOT / zfs ro 0 0\noverlay / overlay rw 0 0\n"));
}
