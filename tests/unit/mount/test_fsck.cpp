// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "core/mount/fsck.hpp"
#include "core/mount/fsck_bar.hpp"
#include "support/catch.hpp"
#include "support/loop_disk.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/mount/fsck.hpp"
#include "sys/process/process.hpp"
#include "sys/storage/signature.hpp"

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

const Watch quiet{[](const std::string&) {}, [](const CheckProgress&) {}};

bool ext4_can_be_made() {
  return (!find_program("mkfs.ext4").empty() && !find_program("debugfs").empty()) ||
         test::skip("e2fsprogs is not installed");
}

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

TEST_CASE("case 45: a checker that takes no -p keeps no volume away") {
  CHECK(takes_no_arguments(16, "minix"));
  CHECK(takes_no_arguments(16, "cramfs"));
  CHECK_FALSE(takes_no_arguments(16, "ext4"));
  CHECK_FALSE(takes_no_arguments(8 + 16, "minix"));
  CHECK_FALSE(takes_no_arguments(4, "minix"));
  if (find_program("mkfs.minix").empty() || find_program("fsck.minix").empty()) {
    test::skip("needs mkfs.minix and fsck.minix");
    return;
  }
  const Image image;
  REQUIRE(run_ok({"mkfs.minix", image.path()}, "mkfs"));
  const auto checked = check_device(image.path(), "minix", "data", quiet);
  REQUIRE(checked);
  CHECK(checked->detail == "not checked");
}

TEST_CASE("the kernel's command line forces a check, skips it, or has all repaired") {
  using Words = std::vector<std::string>;
  CHECK(check_wish("root=/dev/vda1 ro quiet\n") == CheckWish{});
  CHECK(check_wish("ro fsck.mode=force\n") == CheckWish{.force = true});
  CHECK(check_wish("fsck.mode=skip fsck.mode=auto") == CheckWish{});
  CHECK(check_wish("fsck.mode=skip") == CheckWish{.skip = true});
  CHECK(check_wish("fsck.repair=yes fsck.mode=force") == CheckWish{.force = true, .yes = true});
  CHECK(check_wish("fsck.repair=preen") == CheckWish{});
  CHECK(check_wish("fsck.repair=no") == CheckWish{.no = true});
  CHECK(check_wish("fsck.repair=no fsck.repair=preen") == CheckWish{});
  CHECK(check_arguments("ext4", {}) == Words{"-p", "-C", "1"});
  CHECK(check_arguments("ext4", {.force = true}) == Words{"-p", "-f", "-C", "1"});
  CHECK(check_arguments("ext3", {.yes = true}) == Words{"-y", "-C", "1"});
  CHECK(check_arguments("vfat", {.force = true}) == Words{"-p"});
  CHECK(check_arguments("ext4", {.no = true}) == Words{"-n", "-C", "1"});
  CHECK(check_arguments("xfs", {.no = true}) == Words{"-p"});
}

TEST_CASE("a damaged file system's error says what to type") {
  const auto judged = judge_fsck(4, "data", "/dev/mapper/cleartext-data", "ext4");
  CHECK(judged.error().hint == "run: fsck.ext4 /dev/mapper/cleartext-data, then: release-services");
}

TEST_CASE("which package brings a checker") {
  CHECK(fsck_package("ext3") == "e2fsprogs");
  CHECK(fsck_package("exfat") == "exfatprogs");
  CHECK(fsck_package("ntfs").empty());  // ntfs-3g has none
}

TEST_CASE("a checker that is not installed is a warning with its package") {
  const auto checked = check_device("/dev/null", "f2fs", "data", quiet);
  if (!find_program("fsck.f2fs").empty() && !test::skip("f2fs-tools is installed")) return;
  REQUIRE(checked);
  CHECK(checked->detail == "not checked");
  CHECK(checked->warning ==
        "'data' is not checked: fsck.f2fs is not installed; run: apt install f2fs-tools");
}

TEST_CASE("a clean ext4 passes, one with a broken superblock copy and bitmap does not") {
  if (!ext4_can_be_made()) return;
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

// Set by lvchange -pr or blockdev --setro: e2fsck ends with an error there, at every release.
TEST_CASE("a device that cannot be written to is not checked, and so does not stay away") {
  if (!ext4_can_be_made()) return;
  const test::TempFolder folder;
  const test::LoopDisk disk(folder.file("disk"));
  if (!disk.usable_here()) return;
  REQUIRE(run_ok({"mkfs.ext4", "-q", "-F", disk.path()}, "mkfs"));
  const Fd fd(::open(disk.path().c_str(), O_RDONLY | O_CLOEXEC));
  const auto set_read_only = [&](int set) { return ::ioctl(fd.get(), BLKROSET, &set) == 0; };
  REQUIRE(set_read_only(1));
  const auto checked = check_device(disk.path(), "ext4", "data", quiet);
  REQUIRE(set_read_only(0));  // it would be so for the next that gets this number
  REQUIRE(checked);
  CHECK(checked->warning == "'data' is not checked: its device cannot be written to");
}

TEST_CASE("Must 11: an ext4 whose journal has to be replayed is told from one that was closed") {
  if (!ext4_can_be_made()) return;
  const Image image;
  const auto dirty = [&] {
    const Fd file(::open(image.path().c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(file);
    return journal_is_dirty(file.get());
  };
  CHECK_FALSE(dirty());  // nothing at all
  REQUIRE(::truncate(image.path().c_str(), 16L << 20U) == 0);
  REQUIRE(run_ok({"mkfs.ext4", "-q", "-F", "-j", image.path()}, "mkfs"));
  CHECK_FALSE(dirty());
  REQUIRE(run_ok({"debugfs", "-w", "-R", "feature needs_recovery", image.path()}, "debugfs"));
  CHECK(dirty());
  // Who checks it replays it.
  CHECK(check_device(image.path(), "ext4", "data", quiet));
  CHECK_FALSE(dirty());
  CHECK_FALSE(journal_is_dirty(-1));
}

TEST_CASE(
    "with fsck.repair=no a file system that could be repaired is left as it is, and not mounted") {
  if (!ext4_can_be_made()) return;
  const Image image;
  REQUIRE(run_ok({"mkfs.ext4", "-q", "-F", image.path()}, "mkfs"));
  const CheckWish only_look{.no = true};
  CHECK(check_device(image.path(), "ext4", "data", quiet, only_look)->detail == "clean");
  // A wrong bit in a bitmap, which a checker repairs without asking.
  REQUIRE(run_ok({"debugfs", "-w", "-R", "freei <11>", image.path()}, "debugfs"));
  REQUIRE(run_ok({"debugfs", "-w", "-R", "ssv state 2", image.path()}, "debugfs"));
  const auto before = read_file(image.path(), 8UL << 20);
  const auto looked = check_device(image.path(), "ext4", "data", quiet, only_look);
  REQUIRE_FALSE(looked);
  CHECK(looked.error().code == Code::damaged);
  const auto after = read_file(image.path(), 8UL << 20);
  CHECK((before && after && *before == *after));
  CHECK(check_device(image.path(), "ext4", "data", quiet)->detail == "repaired");
}

TEST_CASE("what could not only look is not run with fsck.repair=no") {
  CHECK(can_only_look("ext4"));
  CHECK(can_only_look("xfs"));
  CHECK_FALSE(can_only_look("vfat"));
  CHECK_FALSE(can_only_look("f2fs"));
}

TEST_CASE("a device that is not there is the checker's own error") {
  if (!ext4_can_be_made()) return;
  const auto checked = check_device("/dev/mapper/no-such-latchkey-device", "ext4", "data", quiet);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == Code::io);
}

TEST_CASE("what the system mounts in the same moment is waited for, and not for ever") {
  constexpr std::chrono::milliseconds at_once(0);
  const auto never = [] { return false; };
  int looks = 0;
  CHECK(comes_true([&] { return ++looks == 3; }, [] { return true; }, at_once));
  CHECK(looks == 3);
  looks = 0;
  CHECK_FALSE(comes_true([&] { return ++looks == 3; }, never, at_once));
  CHECK(looks == 2);
  // Mounted between the two questions.
  looks = 0;
  CHECK(comes_true([&] { return ++looks == 2; }, never, at_once));
}

TEST_CASE("how far a check is stands among what it prints") {
  CHECK(parse_check_progress("1 5 20 /dev/mapper/cleartext-data") == CheckProgress{1, 5, 25});
  CHECK(parse_check_progress("5 0 1 /dev/x") == CheckProgress{5, 5, 0});
  CHECK(parse_check_progress("2 30 20 /dev/x") == CheckProgress{2, 5, 100});
  for (const char* line : {"", "1 2 3", "1 2 0 /dev/x", "0 1 2 /dev/x", "6 1 2 /dev/x", "a 1 2 /dev/x",
                           "/dev/x: clean, 11/1280 files", "1 99999999999999999999 1 /dev/x"})
    CHECK_FALSE(parse_check_progress(line));
  CHECK(progress_words({2, 5, 34}) == "pass 2 of 5, 34 %");
}

TEST_CASE("a forced check tells how far it is, and its lines stay apart from what it found") {
  if (!ext4_can_be_made()) return;
  const Image image;
  REQUIRE(run_ok({"mkfs.ext4", "-q", "-F", image.path()}, "mkfs"));
  REQUIRE(run_ok({"debugfs", "-w", "-R", "ssv state 2", image.path()}, "debugfs"));
  std::vector<CheckProgress> moved;
  std::vector<std::string> lines;
  const auto checked = check_device(image.path(), "ext4", "data",
                                    {[&](const std::string& line) { lines.push_back(line); },
                                     [&](const CheckProgress& at) { moved.push_back(at); }});
  REQUIRE(checked);
  REQUIRE_FALSE(moved.empty());
  CHECK(moved.front().pass == 1);
  CHECK(moved.back().pass == 5);
  for (const std::string& line : lines) CHECK_FALSE(parse_check_progress(line.substr(line.find(": ") + 2)));
}

TEST_CASE("what xfs and btrfs call a check is none, and their repair has another name") {
  CHECK(*judge_fsck(0, "data", "/dev/x", "xfs") == "checked as it is mounted");
  CHECK(repair_command("xfs", "/dev/x") == "xfs_repair /dev/x");
  CHECK(repair_command("btrfs", "/dev/x") == "btrfs check /dev/x");
  CHECK(repair_command("ext4", "/dev/x") == "fsck.ext4 /dev/x");
}

TEST_CASE("the bar of the checks fits the terminal") {
  CHECK(check_bar({}, 80).empty());
  CHECK(check_bar({{"mysql", {1, 5, 50}}}, 80) ==
        "checking 'mysql' [##########..........] pass 1 of 5, 50 %");
  const std::map<std::string, CheckProgress> three{
      {"mysql", {1, 5, 50}}, {"www", {2, 5, 100}}, {"old-mail", {1, 5, 0}}};
  CHECK(check_bar(three, 200) ==
        "checking 'mysql' [##########..........] pass 1 of 5, 50 %; 'old-mail' "
        "[....................] pass 1 of 5, 0 %; 'www' [####################] pass 2 of 5, 100 %");
  CHECK(check_bar(three, 80) == "checking 'mysql' [##########..........] pass 1 of 5, 50 %; 2 more");
  CHECK(check_bar(three, 40) == "checking 3 volumes");
  for (std::size_t columns = 0; columns < 200; ++columns) {
    const std::size_t length = check_bar(three, columns).size();
    CHECK((length < columns || (columns == 0 && length == 0)));
  }
}
