// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/loop.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace latchkey {

Result<LoopDevice> LoopDevice::attach(const std::string& file, std::uint64_t offset,
                                      std::uint64_t size) {
  const std::string what = "cannot show '" + file + "' as a device";
  const Fd backing(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!backing) return system_error(errno, what);
  const Fd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control)
    return Error{Code::kernel, what, std::string("no loop devices: ") + std::strerror(errno),
                 "run: modprobe loop"};
  // Between the two calls somebody else may take the free one.
  constexpr int tries = 64;
  for (int i = 0; i < tries; ++i) {
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return system_error(errno, what);
    std::string path = "/dev/loop" + std::to_string(number);
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd && (errno == ENOENT || errno == ENXIO)) continue;
    if (!fd) return system_error(errno, what);
    loop_config config{};
    config.fd = static_cast<__u32>(backing.get());
    config.block_size = sector_size(backing.get());
    config.info.lo_offset = offset;
    config.info.lo_sizelimit = size;
    config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
    if (::ioctl(fd.get(), LOOP_CONFIGURE, &config) == 0)
      return LoopDevice(std::move(path), std::move(fd));
    if (errno != EBUSY) return system_error(errno, what);
  }
  return Error{Code::busy, what, "every loop device is taken", "look at: losetup"};
}

std::uint32_t sector_size(int fd) {
  int size = 0;
  return ::ioctl(fd, BLKSSZGET, &size) == 0 && size > 0 ? static_cast<std::uint32_t>(size) : 512;
}

}  // namespace latchkey
