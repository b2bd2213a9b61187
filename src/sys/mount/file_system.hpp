// SPDX-License-Identifier: GPL-3.0-or-later
// Making and growing file systems, by their own programs.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// True when mkfs.TYPE is installed.
[[nodiscard]] bool can_make_file_system(const std::string& type);

/// True when the running kernel can mount this type: it knows it, or has a module for it. What
/// a mount helper alone can mount is none: volumes are mounted without those.
[[nodiscard]] bool can_mount_file_system(const std::string& type);

/// Makes a file system on a device, over whatever is there, and has it on the disk
/// before it returns. Fails with Code::missing naming the package when mkfs.TYPE is
/// not installed, Code::io with mkfs's own last words.
[[nodiscard]] Result<> make_file_system(const std::string& type,
                                        const std::vector<std::string>& arguments,
                                        const std::string& device);

/// Makes the file system of a keys volume, one that can be mounted wherever its bytes are
/// put. Fails as make_file_system.
[[nodiscard]] Result<> make_keys_file_system(const std::string& device);

/// Grows a mounted file system to the size of its device; one of that size already
/// stays as it is. Fails with Code::refused for a type that cannot grow while it is
/// mounted, Code::missing (no such program), Code::io.
[[nodiscard]] Result<> grow_file_system(const std::string& type, const std::string& device,
                                        const std::string& mount_point);

}  // namespace latchkey
