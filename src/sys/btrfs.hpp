// SPDX-License-Identifier: GPL-3.0-or-later
// btrfs file systems over several devices, as the kernel shows them in /sys.
#pragma once

#include <sys/types.h>

#include <string>

namespace latchkey {

/// True when both devices are parts of one btrfs file system that is mounted: its mounts
/// show just one of them as their source. `list` is where the kernel lists them.
[[nodiscard]] bool same_btrfs(dev_t one, dev_t other, const std::string& list = "/sys/fs/btrfs");

}  // namespace latchkey
