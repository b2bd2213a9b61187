// SPDX-License-Identifier: GPL-3.0-or-later
// btrfs file systems over several devices, as the kernel shows them in /sys.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// True when both devices are parts of one btrfs file system that is mounted: its mounts
/// show just one of them as their source. `list` is where the kernel lists them.
[[nodiscard]] bool same_btrfs(dev_t one, dev_t other, const std::string& list = "/sys/fs/btrfs");

/// The devices of the mounted btrfs file system that this one is a part of; none when it is of
/// none.
[[nodiscard]] std::vector<dev_t> devices_of_btrfs(dev_t one,
                                                  const std::string& list = "/sys/fs/btrfs");

/// The number that the btrfs mounted at `mount_point` has for a device among its own. Fails
/// with Code::missing when the device is none of them, Code::io.
[[nodiscard]] Result<std::uint64_t> number_in_btrfs(const std::string& mount_point,
                                                    const std::string& device);

}  // namespace latchkey
