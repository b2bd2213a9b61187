// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/storage/disk_watch.hpp"

using namespace latchkey;

TEST_CASE("a disk that ends reads or writes is at work, one that only has them under way is not") {
  const test::TempFolder folder;
  const std::filesystem::path root = folder.path();
  const auto stat = [&](const std::string& number, const std::string& text) {
    std::filesystem::create_directories(root / number);
    std::ofstream(root / number / "stat") << text;
  };
  // Reads, merged, sectors, time; writes, merged, sectors, time; under way, …
  stat("253:3", "     100 0 800 12      7 0 56 3        0 12 15\n");
  stat("253:4", "1 0 8 1 0 0 0 0 0 1 1\n");
  DiskWatch watch({::makedev(253, 3), ::makedev(253, 4), ::makedev(253, 9)}, root.string());
  CHECK_FALSE(watch.moved());
  stat("253:3", "     100 0 800 12      7 0 56 3        4 5012 5015\n");
  CHECK_FALSE(watch.moved());
  stat("253:3", "     100 0 800 12      8 0 64 3        4 5012 5015\n");
  CHECK(watch.moved());
  CHECK_FALSE(watch.moved());
  stat("253:4", "2 0 16 1 0 0 0 0 0 1 1\n");
  CHECK(watch.moved());
  CHECK_FALSE(DiskWatch().moved());
}
