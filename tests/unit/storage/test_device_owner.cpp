// SPDX-License-Identifier: GPL-3.0-or-later
// Whose a device is, on loop devices. Needs root and loop devices; without them nothing is
// proved here.
#include <fcntl.h>
#include <linux/blkpg.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <string>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/device_owner.hpp"
#include "sys/storage/loop.hpp"

using namespace latchkey;
using test::TempFolder;

TEST_CASE("a device is known as another volume's by whatever path it has") {
  const TempFolder folder;
  REQUIRE(write_file(folder.file("disk"), std::string(1U << 20U, '\0'), 0600));
  REQUIRE(write_file(folder.file("other"), std::string(2U << 20U, '\0'), 0600));
  const auto disk = LoopDevice::attach(folder.file("disk"), 0, 0);
  const auto other = LoopDevice::attach(folder.file("other"), 0, 0);
  if (!(disk && other) && !test::skip("needs root and loop devices")) return;
  const std::string link = folder.file("by-uuid");
  REQUIRE(::symlink(disk->path().c_str(), link.c_str()) == 0);
  const std::vector<OwnedDevice> owned{{"the volume 'gone'", "/dev/no-such-disk"},
                                       {"the volume 'mail'", link}};
  CHECK(owner_of(disk->path(), owned) == "the volume 'mail'");
  CHECK(owner_of(other->path(), owned).empty());
  CHECK(owner_of("/dev/no-such-disk", owned).empty());
  CHECK(found_elsewhere(disk->path(), "0f7a6b1c-1111-4222-8333-444455556666").empty());
  CHECK(device_size(other->path()) == 2U << 20U);
  CHECK(device_size(folder.file("other")) == 2U << 20U);
  CHECK(device_size("/dev/no-such-disk") == 0);
}

TEST_CASE("a whole disk is its partitions' owner's, and a partition the disk's") {
  const TempFolder folder;
  REQUIRE(write_file(folder.file("disk"), std::string(4U << 20U, '\0'), 0600));
  const Fd file(::open(folder.file("disk").c_str(), O_RDWR | O_CLOEXEC));
  const Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  const int number = control ? ::ioctl(control.get(), LOOP_CTL_GET_FREE) : -1;
  const std::string name = "loop" + std::to_string(number);
  const std::string disk = "/dev/" + name;
  const Fd loop(::open(disk.c_str(), O_RDWR | O_CLOEXEC));
  loop_config config{};
  config.fd = static_cast<__u32>(file.get());
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN;
  const bool attached = loop && ::ioctl(loop.get(), LOOP_CONFIGURE, &config) == 0;
  if (!attached && !test::skip("needs root and loop devices")) return;
  blkpg_partition one{};
  one.start = 1U << 20U;
  one.length = 1U << 20U;
  one.pno = 1;
  blkpg_ioctl_arg add{BLKPG_ADD_PARTITION, 0, sizeof one, &one};
  const bool divided = ::ioctl(loop.get(), BLKPG, &add) == 0;
  if (!divided && !test::skip("loop devices have no partitions here")) return;
  const auto dev = read_file("/sys/class/block/" + name + "p1/dev");
  REQUIRE(dev);
  const std::size_t colon = dev->find(':');
  // No udev made a node for it, perhaps.
  const std::string part = folder.file("part");
  REQUIRE(::mknod(part.c_str(), S_IFBLK | 0600,
                  ::makedev(static_cast<unsigned>(std::stoul(*dev)),
                            static_cast<unsigned>(std::stoul(dev->substr(colon + 1))))) == 0);
  CHECK(owner_of(disk, {{"the volume 'mail'", part}}) == "the volume 'mail'");
  CHECK(owner_of(part, {{"the volume 'mail'", disk}}) == "the volume 'mail'");
  blkpg_ioctl_arg remove{BLKPG_DEL_PARTITION, 0, sizeof one, &one};
  CHECK(::ioctl(loop.get(), BLKPG, &remove) == 0);
}
