// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/btrfs.hpp"

using namespace latchkey;

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
  CHECK_FALSE(same(3, 34));
  CHECK_FALSE(same_btrfs(makedev(253, 3), makedev(253, 4), folder.file("nowhere")));
}
