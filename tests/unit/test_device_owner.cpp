// SPDX-License-Identifier: GPL-3.0-or-later
// Whose a device is, on loop devices. Needs root and loop devices; without them nothing is
// proved here.
#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <string>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/device.hpp"
#include "sys/device_owner.hpp"
#include "sys/fd.hpp"
#include "sys/loop.hpp"

using namespace latchkey;
using test::TempFolder;

TEST_CASE("a device is known as another volume's by whatever path it has") {
  const TempFolder folder;
  REQUIRE(write_file(folder.file("disk"), std::string(1U << 20U, '\0'), 0600));
  REQUIRE(write_file(folder.file("other"), std::string(2U << 20U, '\0'), 0600));
  const auto disk = LoopDevice::attach(folder.file("disk"), 0, 0);
  const auto other = LoopDevice::attach(folder.file("other"), 0, 0);
  if (!disk || !other) return;
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
