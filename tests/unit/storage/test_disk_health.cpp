// SPDX-License-Identifier: GPL-3.0-or-later
// What a disk that fails does is in the stories of faults; here, what is no disk, and what
// does not answer.
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "support/alone.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/luks/header_copy.hpp"
#include "sys/luks/header_modules.hpp"
#include "sys/luks/header_view.hpp"
#include "sys/luks/luks_bytes.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/signature.hpp"

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

// Not only `check` and the image's hook would hang: their locks would stay taken.
TEST_CASE("nobody reads a header of a disk that does not answer, and it is asked only once") {
  const std::string complaint = test::alone([]() -> std::string {
    ::alarm(30);  // for who waits for it all the same
    const Fd silent(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
    const std::string how =
        "fd=" + std::to_string(silent.get()) + ",rootmode=40000,user_id=0,group_id=0";
    if (::mount("silent", "/mnt", "fuse", 0, how.c_str()) != 0) return "no fuse here";
    using namespace std::chrono_literals;
    const std::string disk = "/mnt/one";
    const auto first = ask_disks({disk, "/dev/null", disk}, 500ms);
    if (first.size() != 3 || !first[1]) return "the one that answers is not heard";
    if (first[0] || first[2]) return "one that hangs is not said to hang";
    const auto began = std::chrono::steady_clock::now();
    const auto silence = [](const auto& result) {
      return !result && result.error().code == Code::timeout &&
             result.error().why.find("no answer within 0.5 s") != std::string::npos;
    };
    const LuksPlace place{.device = disk, .name = "www"};
    if (!silence(ask_disk(disk))) return "it is asked again";
    if (!silence(read_luks_bytes_in_time(disk))) return "its bytes are read";
    if (!silence(header_modules(disk))) return "its modules are looked for";
    if (!silence(read_luks_header(place))) return "its header is read";
    if (!silence(LuksDevice::open(place))) return "it is opened";
    if (!silence(HeaderView::open(place))) return "it is looked at";
    if (!silence(save_header(place, "/mnt/copy"))) return "it is saved";
    if (!silence(wipe_header(place))) return "it is wiped";
    if (!silence(find_signature(disk))) return "a signature is looked for";
    // With its header elsewhere as well.
    if (!silence(LuksDevice::open({.device = disk, .header = "/dev/null", .name = "www"})))
      return "its data are opened";
    return std::chrono::steady_clock::now() - began < 2s ? "" : "it was waited for again";
  });
  CHECK(complaint == "");
}
