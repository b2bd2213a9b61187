// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/btrfs.hpp"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sys/base/fd.hpp"
#include "sys/storage/device.hpp"

namespace latchkey {

std::vector<dev_t> devices_of_btrfs(dev_t one, const std::string& list) {
  for (const std::string& uuid : names_in(list)) {
    const std::string devices = list + "/" + uuid + "/devices";
    std::vector<dev_t> numbers;
    for (const std::string& name : names_in(devices))
      numbers.push_back(device_number(sys_attribute(devices + "/" + name + "/dev")));
    if (std::ranges::find(numbers, one) != numbers.end()) return numbers;
  }
  return {};
}

bool same_btrfs(dev_t one, dev_t other, const std::string& list) {
  const std::vector<dev_t> devices = devices_of_btrfs(one, list);
  return std::ranges::find(devices, other) != devices.end();
}

Result<std::uint64_t> number_in_btrfs(const std::string& mount_point, const std::string& device) {
  const std::string what = "cannot ask the btrfs on '" + mount_point + "' for its devices";
  const Fd fd(::open(mount_point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  btrfs_ioctl_fs_info_args all{};
  if (!fd || ::ioctl(fd.get(), BTRFS_IOC_FS_INFO, &all) != 0) return system_error(errno, what);
  const auto wanted = block_device(device);
  for (std::uint64_t number = 1; wanted && number <= all.max_id; ++number) {
    btrfs_ioctl_dev_info_args one{};
    one.devid = number;
    // A number that a removed device had is no error.
    if (::ioctl(fd.get(), BTRFS_IOC_DEV_INFO, &one) != 0) continue;
    const auto* const path = reinterpret_cast<const char*>(one.path);
    if (block_device(std::string(path, ::strnlen(path, sizeof one.path))) == wanted) return number;
  }
  return Error{Code::missing, what, "'" + device + "' is none of them",
               "see: btrfs filesystem show " + mount_point};
}

}  // namespace latchkey
