// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdlib>
#include <fstream>

#include "core/fsck.hpp"
#include "support/catch.hpp"
#include "sys/fd.hpp"
#include "sys/fsck.hpp"
#include "sys/process.hpp"

using namespace latchkey;

namespace {

// A file system in a plain file; gone with the test.
class Image {
 public:
  Image() {
    const int fd = ::mkstemp(path_.data());
    REQUIRE(fd >= 0);
    const Fd file(fd);
    REQUIRE(write_all(fd, std::string(4UL << 20, '\0')));
  }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  ~Image() { std::remove(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/latchkey-fsck-XXXXXX";
};

void quiet(const std::string&) {}

Code code_for(int status) {
  const auto judged = judge_fsck(status, "data", "/dev/mapper/cleartext-data", "ext4");
  REQUIRE_FALSE(judged);
  return judged.error().code;
}

}  // namespace

TEST_CASE("case 45: the checker's bits decide about the mount") {
  CHECK(*judge_fsck(0, "data", "/dev/x", "ext4") == "clean");
  CHECK(*judge_fsck(1, "data", "/dev/x", "ext4") == "repaired");
  CHECK(code_for(2) == Code::damaged);
  CHECK(code_for(3) == Code::damaged);
  CHECK(code_for(4) == Code::damaged);
  CHECK(code_for(5) == Code::damaged);
  CHECK(code_for(8) == Code::io);
  CHECK(code_for(16) == Code::usage);
  CHECK(code_for(32) == Code::io);
  CHECK(code_for(128) == Code::io);
  CHECK(code_for(128 + 9) == Code::io);
}

TEST_CASE("a damaged file system's error says what to type") {
  const auto judged = judge_fsck(4, "data", "/dev/mapper/cleartext-data", "ext4");
  CHECK(judged.error().hint == "run: fsck.ext4 /dev/mapper/cleartext-data, then: release-services");
}

TEST_CASE("a checker that is not installed is a warning with its package") {
  const auto checked = check_device("/dev/null", "f2fs", "data", quiet);
  if (!find_program("fsck.f2fs").empty()) return;
  REQUIRE(checked);
  CHECK(checked->detail == "not checked");
  CHECK(checked->warning ==
        "'data' is not checked: fsck.f2fs is not installed; run: apt install f2fs-tools");
}

TEST_CASE("a clean ext4 passes, one with a broken superblock copy and bitmap does not") {
  if (find_program("mkfs.ext4").empty() || find_program("debugfs").empty()) {
    WARN("skipped: e2fsprogs is not installed");
    return;
  }
  const Image image;
  REQUIRE(run_ok({"mkfs.ext4", "-q", "-F", image.path()}, "mkfs"));
  const auto clean = check_device(image.path(), "ext4", "data", quiet);
  REQUIRE(clean);
  CHECK(clean->detail == "clean");
  CHECK(check_device(image.path(), "auto", "data", quiet)->detail == "clean");

  // A root directory that is none needs a person.
  REQUIRE(run_ok({"debugfs", "-w", "-R", "clri <2>", image.path()}, "debugfs"));
  REQUIRE(run_ok({"debugfs", "-w", "-R", "ssv state 2", image.path()}, "debugfs"));
  const auto damaged = check_device(image.path(), "ext4", "data", quiet);
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code == Code::damaged);
}

TEST_CASE("a device that is not there is the checker's own error") {
  if (find_program("fsck.ext4").empty()) return;
  const auto checked = check_device("/dev/mapper/no-such-latchkey-device", "ext4", "data", quiet);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == Code::io);
}
