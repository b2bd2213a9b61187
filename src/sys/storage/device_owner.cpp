// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/device_owner.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/storage.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// True for a partition whose whole disk is `disk`.
bool is_part_of(const std::string& name, const std::string& disk) {
  std::error_code failed;
  const fs::path at = fs::canonical(fs::path("/sys/class/block") / name, failed);
  return !failed && fs::exists(at / "partition", failed) && at.parent_path().filename() == disk;
}

}  // namespace

std::uint64_t device_size(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const off_t end = fd ? ::lseek(fd.get(), 0, SEEK_END) : 0;
  return end < 0 ? 0 : static_cast<std::uint64_t>(end);
}

std::string owner_of(const std::string& path, const std::vector<OwnedDevice>& others) {
  const auto mine = devices_behind("", path);
  if (mine.empty()) return {};
  for (const OwnedDevice& other : others) {
    const auto theirs = devices_behind("", other.path);
    if (theirs.empty()) continue;
    // Below their own device, or all of it. What merely lies on theirs may be a volume on a
    // volume.
    if (has(theirs, mine.front()) || is_part_of(mine.front(), theirs.front())) return other.owner;
  }
  return {};
}

std::string header_elsewhere(const std::string& path, const std::string& uuid) {
  const auto there = block_device("/dev/disk/by-uuid/" + uuid);
  if (!there || there == block_device(path)) return {};
  std::error_code failed;
  return "its header is on " + fs::canonical("/dev/disk/by-uuid/" + uuid, failed).string();
}

std::string found_elsewhere(const std::string& path, const std::string& uuid) {
  if (std::string header = header_elsewhere(path, uuid); !header.empty()) return header;
  const auto here = block_device(path);
  std::string bare = uuid;
  std::erase(bare, '-');
  for (const Mapping& mapping : mappings())
    if (mapping.uuid.find(bare) != std::string::npos &&
        (!here || std::ranges::find(mapping.below, *here) == mapping.below.end()))
      return "it is open as '" + printable(mapping.name, 64) + "', which lies on another device";
  return {};
}

}  // namespace latchkey
