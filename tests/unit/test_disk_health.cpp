// SPDX-License-Identifier: GPL-3.0-or-later
// What a disk that fails does is in the stories of faults; here, what is no disk, and what
// does not answer.
#include <fcntl.h>
#include <sys/mount.h>

#include <chrono>
#include <fstream>

#include "support/alone.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/disk_health.hpp"

using namespace latchkey;

TEST_CASE("what is no disk is not said to fail") {
  const test::TempFolder folder;
  const std::string file = folder.file("file");
  std::ofstream(file) << "short";
  CHECK(read_from_disk(file));
  CHECK(disks_answer({file}).at(0));
  CHECK(read_from_disk(folder.file("nothing")));
  CHECK(read_from_disk("/dev/null"));
  CHECK_FALSE(refresh_stale_lv(*parse_device_ref("/dev/null")));
}

// A file system in user space whose other side never says a word: whoever opens a file of
// it waits.
TEST_CASE("disks that do not answer are given up together, and cost the others nothing") {
  const std::string complaint = test::alone([]() -> std::string {
    const Fd silent(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
    const std::string how =
        "fd=" + std::to_string(silent.get()) + ",rootmode=40000,user_id=0,group_id=0";
    if (::mount("silent", "/mnt", "fuse", 0, how.c_str()) != 0) return "no fuse here";
    using namespace std::chrono_literals;
    const auto began = std::chrono::steady_clock::now();
    const auto answers = disks_answer({"/mnt/one", "/dev/null", "/mnt/two"}, 500ms);
    if (answers.size() != 3 || !answers[1]) return "the one that answers is not heard";
    for (const std::size_t i : {0U, 2U})
      if (answers[i] || answers[i].error().code != Code::timeout ||
          answers[i].error().why.find("0.5 s") == std::string::npos)
        return "one that hangs is not said to hang";
    if (std::chrono::steady_clock::now() - began > 950ms) return "they were asked in turn";
    // Nor does one that hangs keep what its caller holds: by this path it would have to.
    const Fd held(::open("/mnt", O_PATH | O_CLOEXEC));
    const std::string by_it = "/proc/self/fd/" + std::to_string(held.get()) + "/three";
    if (!held || !disks_answer({by_it}, 500ms).at(0)) return "it has its caller's descriptors";
    return "";
  });
  CHECK(complaint == "");
}
