// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/disk_health.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "core/text.hpp"
#include "sys/fd.hpp"
#include "sys/lvm.hpp"
#include "sys/mount.hpp"
#include "sys/worker.hpp"

namespace latchkey {
namespace {

constexpr int patience_ms = 10'000;

struct Free {
  void operator()(void* memory) const noexcept { std::free(memory); }
};

bool wants_read_only(const Volume& volume) {
  const auto options = split(volume.mount_options, ',');
  return std::ranges::find(options, "ro") != options.end();
}

// What the kernel does to a file system that it cannot go on with.
bool became_read_only(const Volume& volume) {
  struct statvfs info {};
  return !wants_read_only(volume) && ::statvfs(volume.mount_point.c_str(), &info) == 0 &&
         (info.f_flag & ST_RDONLY) != 0;
}

}  // namespace

Result<> read_from_disk(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    // ENXIO: the device's driver has let go of it.
    if (errno == EIO || errno == ENXIO || errno == ENODEV)
      return system_error(errno, "cannot read '" + path + "'");
    return Ok{};
  }
  int sector = 0;
  if (::ioctl(fd.get(), BLKSSZGET, &sector) != 0) return Ok{};
  // The kernel wants whole sectors, at an address that is a multiple of theirs.
  const auto size = static_cast<std::size_t>(std::max(sector, 4096));
  const std::unique_ptr<void, Free> block(std::aligned_alloc(size, size));
  if (block && ::pread(fd.get(), block.get(), size, 0) < 0 && errno != EINVAL)
    return system_error(errno, "cannot read '" + path + "'");
  return Ok{};
}

Result<> disk_answers(const std::string& path) {
  auto worker = Worker::fork([&](Channel& channel) {
    const auto read = read_from_disk(path);
    return (read ? channel.send('D') : channel.send('X', pack(read.error()))) ? 0 : 1;
  });
  if (!worker) return worker.error();
  pollfd watched{worker->channel().fd(), POLLIN, 0};
  if (::poll(&watched, 1, patience_ms) == 0) {
    // It hangs in the kernel, out of reach of any signal: it is not waited for.
    worker->kill();
    worker->forget();
    return Error{Code::timeout, "cannot read '" + path + "'", "no answer within 10 s", ""};
  }
  const auto message = worker->channel().receive();
  if (message && message->type == 'X') return unpack_error(message->payload);
  return Ok{};
}

void probe_disks(Facts& facts, const Setup& setup) {
  for (const Volume& volume : setup.volumes) {
    VolumeFacts& fact = facts.volumes[volume.name];
    if (!fact.open) continue;
    if (const auto answer = disk_answers(mapping_path(volume)); !answer)
      fact.failing = "its disk cannot be read: " + answer.error().why;
    else if (fact.mounted && became_read_only(volume))
      fact.failing = "its file system has become read-only, as the kernel does after errors";
  }
}

bool refresh_stale_lv(const DeviceRef& device) {
  if (device.kind != DeviceRef::Kind::lv || read_from_disk(device.path())) return false;
  return refresh_lv(device) && read_from_disk(device.path());
}

}  // namespace latchkey
