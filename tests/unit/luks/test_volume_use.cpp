// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/luks/volume_use.hpp"

using namespace latchkey;

TEST_CASE("what the kernel keeps a mapping open for is named: RAID, swap, and no other mapping") {
  const test::TempFolder folder;
  const std::filesystem::path root = folder.path();
  for (const char* held : {"dm-3/holders/dm-7", "dm-4/holders/md127", "dm-5/holders/bcache0"})
    std::filesystem::create_directories(root / "sys/block" / held);
  std::filesystem::create_directories(root / "proc");
  std::ofstream(root / "proc/swaps") << "Filename\tType\tSize\tUsed\tPriority\n"
                                        "/swap\\040file  file 1 0 -2\n"
                                        "/dev/dm-36  partition 1 0 -2\n"
                                        "/dev/dm-6\tpartition\t1\t0\t-3\n";
  const auto use = [&](unsigned minor) {
    return kernel_use_of(::makedev(253, minor), root.string()).value_or(KernelUse{});
  };
  CHECK(use(3).why.empty());
  CHECK(use(4).why == "'md127' lies on it");
  CHECK(use(4).end == "mdadm --stop /dev/md127");
  CHECK(use(5).why == "'bcache0' lies on it");
  CHECK(use(6).why == "it is in use as swap");
  CHECK(use(6).end == "swapoff /dev/dm-6");
  CHECK(use(36).end == "swapoff /dev/dm-36");
  CHECK(use(2).why.empty());
}
