// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>

#include "core/mount/file_system.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/storage/btrfs.hpp"

using namespace latchkey;

TEST_CASE("mkfs asks nobody, and each kind of file system is told so in its own words") {
  using Words = std::vector<std::string>;
  const auto words = [](const std::string& type) { return mkfs_command(type, {"-L", "a"}, "/d"); };
  CHECK(words("ext4") == Words{"mkfs.ext4", "-q", "-F", "-L", "a", "/d"});
  CHECK(words("jfs") == Words{"mkfs.jfs", "-q", "-L", "a", "/d"});
  CHECK(words("reiserfs") == Words{"mkfs.reiserfs", "-q", "-f", "-f", "-L", "a", "/d"});
  CHECK(words("nilfs2") == Words{"mkfs.nilfs2", "-f", "-L", "a", "/d"});
  CHECK(words("bcachefs") == Words{"mkfs.bcachefs", "-f", "-L", "a", "/d"});
  CHECK(words("vfat") == Words{"mkfs.vfat", "-L", "a", "/d"});
}

TEST_CASE("of a btrfs over several devices the volume's own is grown, not the first") {
  CHECK(grow_command("btrfs", "/dev/mapper/cleartext-b", "/srv/b", 3) ==
        std::vector<std::string>{"btrfs", "filesystem", "resize", "3:max", "/srv/b"});
  const latchkey::test::TempFolder folder;
  const auto none = number_in_btrfs(folder.path(), "/dev/no-such-device");
  REQUIRE_FALSE(none);
  CHECK(none.error().what == "cannot ask the btrfs on '" + folder.path() + "' for its devices");
}

TEST_CASE("a btrfs over two volumes is one file system, whichever of them its mount shows") {
  const latchkey::test::TempFolder folder;
  const auto put = [&](const std::string& device, const std::string& number) {
    std::filesystem::create_directories(folder.file(device));
    std::ofstream(folder.file(device) + "/dev") << number << "\n";
  };
  put("11-22/devices/dm-3", "253:3");
  put("11-22/devices/dm-4", "253:4");
  put("33-44/devices/dm-5", "253:5");
  put("features/big_metadata", "");
  const auto same = [&](unsigned one, unsigned other) {
    return same_btrfs(makedev(253, one), makedev(253, other), folder.path());
  };
  CHECK(same(3, 4));
  CHECK(same(4, 3));
  CHECK_FALSE(same(3, 5));
  CHECK(devices_of_btrfs(makedev(253, 4), folder.path()) ==
        std::vector<dev_t>{makedev(253, 3), makedev(253, 4)});
  CHECK(devices_of_btrfs(makedev(253, 6), folder.path()).empty());
  CHECK_FALSE(same(3, 34));
  CHECK_FALSE(same_btrfs(makedev(253, 3), makedev(253, 4), folder.file("nowhere")));
}
