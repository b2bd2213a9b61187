// SPDX-License-Identifier: GPL-3.0-or-later
// Whether what is written somewhere reaches a disk in clear.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/mount_id.hpp"
#include "sys/storage/btrfs.hpp"
#include "sys/storage/device.hpp"

namespace latchkey {

std::vector<dev_t> devices_under(const std::string& path, dev_t number) {
  if (::major(number) != 0) return {number};
  const auto mounts = read_file("/proc/self/mountinfo", 8UL << 20U);
  const auto mount = mount_id(path);
  if (!mounts || !mount) return {};
  const std::string name = source_of_mount(*mounts, *mount);
  // "overlay" would be looked up below the working directory, which may be on a disk that hangs.
  const auto source = name.starts_with('/') ? block_device(name) : std::nullopt;
  if (!source) return {};
  std::vector<dev_t> all = devices_of_btrfs(*source);
  return all.empty() ? std::vector<dev_t>{*source} : all;
}

bool goes_through_crypt(dev_t device, const std::vector<Mapping>& all) {
  const auto found = std::ranges::find(all, device, &Mapping::number);
  if (found == all.end()) return false;
  if (encrypts(*found)) return true;
  return !found->below.empty() && std::ranges::all_of(found->below, [&](dev_t below) {
    return goes_through_crypt(below, all);
  });
}

std::string source_of_mount(std::string_view mountinfo, std::uint64_t mount) {
  for (const std::string_view line : split_lines(mountinfo)) {
    const std::vector<Field> words = split_fields(line);
    if (words.empty() || words[0].text != std::to_string(mount)) continue;
    const auto dash = std::ranges::find(words, "-", &Field::text);
    return words.end() - dash > 2 ? (dash + 2)->text : std::string();
  }
  return {};
}

bool lies_encrypted(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return false;
  const std::vector<Mapping> all = stacked_devices();
  const std::vector<dev_t> devices =
      S_ISBLK(info.st_mode) ? std::vector<dev_t>{info.st_rdev} : devices_under(path, info.st_dev);
  return !devices.empty() && std::ranges::all_of(devices, [&](dev_t device) {
    return goes_through_crypt(device, all);
  });
}

}  // namespace latchkey
