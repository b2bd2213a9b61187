// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/disk_health.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "core/base/message.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/config/volume.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/handle.hpp"
#include "sys/process/worker.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/device_number.hpp"
#include "sys/storage/lvm.hpp"

namespace latchkey {
namespace {

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

// A mapping that somebody holds up (cryptsetup luksSuspend, a command of LVM that was killed),
// the device itself or one below it: whoever reads it waits until it is resumed, and cannot be
// killed.
std::optional<Mapping> suspended_below(const std::string& path, const std::vector<Mapping>& all) {
  // To look at a path elsewhere may take as long as its disk.
  const auto number = path.starts_with("/dev/") ? block_device(path) : std::nullopt;
  if (!number) return {};
  const auto below = all_below(*number, all);
  for (const Mapping& mapping : all) {
    if (mapping.number != *number && !below.contains(mapping.number)) continue;
    const auto text =
        read_file("/sys/dev/block/" + number_text(mapping.number) + "/dm/suspended", 16);
    if (text && trim(*text) == "1") return mapping;
  }
  return {};
}

// Those that are suspended, and stay so: LVM does it for a moment whenever it changes a volume.
std::vector<std::optional<Mapping>> stay_suspended(const std::vector<std::string>& paths,
                                                   std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds moment{3000};
  const auto deadline = std::chrono::steady_clock::now() + std::min(patience, moment);
  std::vector<std::optional<Mapping>> out(paths.size());
  while (true) {
    const std::vector<Mapping> all = mappings();
    for (std::size_t i = 0; i < paths.size(); ++i) out[i] = suspended_below(paths[i], all);
    const bool some = std::ranges::any_of(out, [](const auto& one) { return one.has_value(); });
    if (!some || poll_ms(deadline) == 0) return out;
    ::poll(nullptr, 0, 100);
  }
}

Error suspended_error(const std::string& path, const Mapping& mapping) {
  const std::string name = shell_word(printable(mapping.name));
  const std::string resume = encrypts(mapping) ? "luksResume is for it, or" : "look at";
  return {Code::timeout, "cannot read '" + path + "'",
          "the mapping " + name + " is suspended; " + resume + ": dmsetup resume " + name, ""};
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
  const Handle<void, std::free> block(std::aligned_alloc(size, size));
  if (block && ::pread(fd.get(), block.get(), size, 0) < 0 && errno != EINVAL)
    return system_error(errno, "cannot read '" + path + "'");
  return Ok{};
}

std::vector<Result<>> disks_answer(const std::vector<std::string>& paths,
                                   std::chrono::milliseconds patience) {
  std::vector<Result<>> out(paths.size(), Ok{});
  std::vector<std::optional<Worker>> asked(paths.size());
  std::vector<pollfd> watched(paths.size(), pollfd{-1, POLLIN, 0});
  const auto suspended = stay_suspended(paths, patience);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (suspended[i]) {
      out[i] = suspended_error(paths[i], *suspended[i]);
      continue;
    }
    auto worker = Worker::fork([&](Channel& channel) {
      for (auto& other : asked)
        if (other) other->forget();
      // One that hangs in the kernel would keep the caller's locks for good.
      close_other_descriptors(channel.fd());
      let_go_of_stdio();
      const auto read = read_from_disk(paths[i]);
      return (read ? channel.send('D') : channel.send('X', pack(read.error()))) ? 0 : 1;
    });
    if (!worker) {
      out[i] = worker.error();
      continue;
    }
    asked[i].emplace(std::move(*worker));
    watched[i].fd = asked[i]->channel().fd();
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::ranges::any_of(watched, [](const pollfd& one) { return one.fd >= 0; })) {
    const int left = poll_ms(deadline);
    const int ready = left == 0 ? 0 : ::poll(watched.data(), watched.size(), left);
    if (ready < 0 && errno == EINTR) continue;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      if (watched[i].fd < 0 || (ready > 0 && watched[i].revents == 0)) continue;
      watched[i].fd = -1;
      if (ready <= 0) {
        // It hangs in the kernel, out of reach of any signal: it is not waited for.
        asked[i]->kill();
        asked[i]->forget();
        out[i] = Error{
            Code::timeout, "cannot read '" + paths[i] + "'",
            "no answer within " + duration_text(std::chrono::duration<double>(patience).count()),
            ""};
        continue;
      }
      const auto message = asked[i]->channel().receive();
      if (message && message->type == 'X') out[i] = unpack_error(message->payload);
    }
  }
  return out;
}

std::vector<Result<>> ask_disks(const std::vector<std::string>& paths,
                                std::chrono::milliseconds patience) {
  static std::map<std::string, Error> silent;
  std::vector<std::string> unknown;
  for (const std::string& path : paths)
    if (!silent.contains(path) && std::ranges::find(unknown, path) == unknown.end())
      unknown.push_back(path);
  const auto answers = disks_answer(unknown, patience);
  std::map<std::string, Result<>> heard;
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    heard.emplace(unknown[i], answers[i]);
    if (!answers[i] && answers[i].error().code == Code::timeout)
      silent.emplace(unknown[i], answers[i].error());
  }
  std::vector<Result<>> out;
  for (const std::string& path : paths) {
    const auto answer = heard.find(path);
    out.push_back(answer != heard.end() ? answer->second : Result<>(silent.at(path)));
  }
  return out;
}

Result<> ask_disk(const std::string& path, std::chrono::milliseconds patience) {
  return ask_disks({path}, patience).front();
}

std::vector<std::string> silent_volumes(std::span<const Volume> volumes) {
  std::vector<std::string> names;
  std::vector<std::string> paths;
  for (const Volume& volume : volumes) {
    const std::string path = mapping_path(volume);
    if (!block_device(path)) continue;
    names.push_back(volume.name);
    paths.push_back(path);
  }
  const auto answers = ask_disks(paths);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!answers[i] && answers[i].error().code == Code::timeout) out.push_back(names[i]);
  return out;
}

void probe_disks(Facts& facts, const Setup& setup) {
  std::vector<const Volume*> open;
  std::vector<std::string> paths;
  for (const Volume& volume : setup.volumes) {
    if (!is_live(facts.volumes[volume.name])) continue;
    open.push_back(&volume);
    paths.push_back(mapping_path(volume));
  }
  const auto answers = disks_answer(paths);
  for (std::size_t i = 0; i < open.size(); ++i) {
    VolumeFacts& fact = facts.volumes[open[i]->name];
    if (!answers[i])
      fact.failing = "its disk cannot be read: " + answers[i].error().why;
    else if (fact.mounted && became_read_only(*open[i]))
      fact.failing = "its file system has become read-only, as the kernel does after errors";
  }
}

bool refresh_stale_lv(const DeviceRef& device) {
  if (device.kind != DeviceRef::Kind::lv || read_from_disk(device.path())) return false;
  return refresh_lv(device) && read_from_disk(device.path());
}

}  // namespace latchkey
