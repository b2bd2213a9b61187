// SPDX-License-Identifier: GPL-3.0-or-later
// Disks with sectors of 4096 bytes: a keys volume can be mounted there, and what is looked
// at through a loop device is seen as it is there.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "core/base/text.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/mount/file_system.hpp"
#include "sys/process/process.hpp"
#include "sys/storage/loop.hpp"

using namespace latchkey;
using test::TempFolder;

namespace {

std::string blank_file(const TempFolder& folder, off_t size) {
  std::string path = folder.file("disk");
  REQUIRE(write_file(path, "", 0600));
  REQUIRE(::truncate(path.c_str(), size) == 0);
  return path;
}

}  // namespace

TEST_CASE("the file system of the smallest keys volume fits sectors of 4096 bytes") {
  if (!can_make_file_system("ext4")) {
    test::skip("no mkfs.ext4");
    return;
  }
  const TempFolder folder;
  const std::string disk = blank_file(folder, 16L << 20U);
  REQUIRE(make_keys_file_system(disk));
  const auto bytes = read_file(disk, 32UL << 20U);
  REQUIRE(bytes);
  REQUIRE(bytes->substr(1024 + 0x38, 2) == "\x53\xef");
  // s_log_block_size: 1024 << 2.
  CHECK(bytes->substr(1024 + 0x18, 4) == std::string("\x02\0\0\0", 4));
}

TEST_CASE("a loop device on a disk has the sectors of the disk") {
  const TempFolder folder;
  const std::string file = blank_file(folder, 1L << 20U);
  const auto disk = run({"losetup", "--find", "--show", "--sector-size", "4096", file}, {});
  if (::geteuid() != 0 || !disk || disk->status != 0) {
    test::skip("no loop devices");
    return;
  }
  const std::string path(trim(disk->output));
  std::uint32_t seen = 0;
  {
    const auto loop = LoopDevice::attach(path, 0, 0);
    const Fd fd(loop ? ::open(loop->path().c_str(), O_RDONLY | O_CLOEXEC) : -1);
    if (fd) seen = sector_size(fd.get());
  }
  CHECK(run({"losetup", "--detach", path}, {})->status == 0);
  CHECK(seen == 4096);
  const auto plain = LoopDevice::attach(file, 0, 0);
  REQUIRE(plain);
  const Fd fd(::open(plain->path().c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(fd);
  CHECK(sector_size(fd.get()) == 512);
}
