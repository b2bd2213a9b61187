// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/storage/pv_copies.hpp"

using namespace latchkey;

TEST_CASE("case 43: a copy of a disk that is attached beside it shows one physical volume twice") {
  const test::TempFolder folder;
  const std::string root = folder.file("root");
  const auto put = [&](const std::string& name, const std::string& number,
                       const std::string& record) {
    const std::string place = root + "/sys/class/block/" + name;
    std::filesystem::create_directories(place + "/slaves");
    std::filesystem::create_directories(root + "/run/udev/data");
    REQUIRE(write_file(place + "/dev", number + "\n", 0644));
    REQUIRE(write_file(root + "/run/udev/data/b" + number, record, 0644));
  };
  const std::string pv = "I:1\nE:ID_FS_UUID=abc-1\nE:ID_FS_TYPE=LVM2_member\n";
  put("vda", "254:0", "E:ID_PART_TABLE_TYPE=gpt\n");
  put("vda1", "254:1", "E:ID_FS_UUID=abc-1\nE:ID_FS_TYPE=ext4\n");
  put("vdb", "254:16", pv);
  put("vdc", "254:32", "E:ID_FS_UUID=abc-2\nE:ID_FS_TYPE=LVM2_member\n");
  CHECK(pv_copies(root).empty());
  put("vdd", "254:48", pv);
  CHECK(pv_copies(root) ==
        std::vector<std::pair<std::string, std::string>>{{"/dev/vdb", "/dev/vdd"}});
  // A guest's disk, and its snapshot.
  std::filesystem::create_directories(root + "/sys/class/block/vdd/dm");
  REQUIRE(write_file(root + "/sys/class/block/vdd/dm/uuid", "LVM-x\n", 0644));
  CHECK(pv_copies(root).empty());
  // What lies on a disk shows what is on that.
  std::filesystem::remove_all(root + "/sys/class/block/vdd");
  put("dm-0", "253:0", pv);
  std::filesystem::create_symlink("../../vdb", root + "/sys/class/block/dm-0/slaves/vdb");
  CHECK(pv_copies(root).empty());
}
