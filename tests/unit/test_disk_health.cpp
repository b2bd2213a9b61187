// SPDX-License-Identifier: GPL-3.0-or-later
// What a disk that fails does is in the stories of faults; here, what is no disk.
#include <fstream>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/disk_health.hpp"

using namespace latchkey;

TEST_CASE("what is no disk is not said to fail") {
  const test::TempFolder folder;
  const std::string file = folder.file("file");
  std::ofstream(file) << "short";
  CHECK(read_from_disk(file));
  CHECK(disk_answers(file));
  CHECK(read_from_disk(folder.file("nothing")));
  CHECK(read_from_disk("/dev/null"));
  CHECK_FALSE(refresh_stale_lv(*parse_device_ref("/dev/null")));
}
