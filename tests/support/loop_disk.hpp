// SPDX-License-Identifier: GPL-3.0-or-later
// A file as a block device that can be written to. Needs root and loop devices; without them
// there is none.
#pragma once

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <string>

#include "support/catch.hpp"
#include "sys/base/fd.hpp"

namespace latchkey::test {

/// A loop device on this file, which is made; both are 32 MiB. It goes with this, and stays where a
/// test dies: losetup -D takes away all that nobody uses.
class LoopDisk {
 public:
  explicit LoopDisk(const std::string& backing) {
    const Fd file(::open(backing.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    const Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
    const int number = control ? ::ioctl(control.get(), LOOP_CTL_GET_FREE) : -1;
    if (number < 0 || ::geteuid() != 0 || ::ftruncate(file.get(), 32L << 20U) != 0) return;
    std::string path = "/dev/loop" + std::to_string(number);
    Fd loop(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    loop_config config{};
    config.fd = static_cast<__u32>(file.get());
    if (!loop || ::ioctl(loop.get(), LOOP_CONFIGURE, &config) != 0) return;
    path_ = std::move(path);
  }
  LoopDisk(const LoopDisk&) = delete;
  LoopDisk& operator=(const LoopDisk&) = delete;
  // Not by the flag that has the kernel do so: the disk would be open here, and in use by that.
  ~LoopDisk() {
    const Fd loop(usable() ? ::open(path_.c_str(), O_RDWR | O_CLOEXEC) : -1);
    if (loop) ::ioctl(loop.get(), LOOP_CLR_FD, 0);
  }
  [[nodiscard]] bool usable() const { return !path_.empty(); }
  /// The same; where it is not, the test says that it is skipped.
  [[nodiscard]] bool usable_here() const { return usable() || skip("needs root and loop devices"); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_{};
};

/// From this byte on the disk gives read errors: its file, `backing`, ends there.
inline void lose_end(const LoopDisk& disk, const std::string& backing, off_t from) {
  REQUIRE(::truncate(backing.c_str(), from) == 0);
  // What was read before is not read from it any more.
  const Fd fd(::open(disk.path().c_str(), O_RDONLY | O_CLOEXEC));
  drop_cached(fd.get());
}

}  // namespace latchkey::test
