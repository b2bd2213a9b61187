// SPDX-License-Identifier: GPL-3.0-or-later
// What each kind of file system wants to hear when it is made or grown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// True for ext2, ext3 and ext4, which share their programs.
[[nodiscard]] bool is_ext(const std::string& type);

/// The command that makes a file system of this type on `device`: mkfs.TYPE, told
/// to go on over an old signature where it would ask a person, then the caller's
/// own arguments, then the device.
[[nodiscard]] std::vector<std::string> mkfs_command(const std::string& type,
                                                    const std::vector<std::string>& arguments,
                                                    const std::string& device);

/// The command that grows a mounted file system to the size of its device; empty
/// when this type cannot grow while it is mounted. `part` is the number that a btrfs has for
/// the device among its own: it grows the first of them when it is told none.
[[nodiscard]] std::vector<std::string> grow_command(const std::string& type,
                                                    const std::string& device,
                                                    const std::string& mount_point,
                                                    std::uint64_t part = 1);

/// Why a volume of a type that the running kernel has no driver for is not taken.
[[nodiscard]] Error no_driver_for(const std::string& type);

/// What a mount helper does for this type that volumes go without; nothing for most.
[[nodiscard]] std::optional<Error> lost_helper(const std::string& type);

/// Why a kernel that has no driver for this type cannot mount a keys volume of it, and what
/// to do. Images that hold few modules have that of ext4 only: what the keys volume holds
/// cannot be seen while they are built.
[[nodiscard]] Error keys_without_driver(const std::string& type);

}  // namespace latchkey
