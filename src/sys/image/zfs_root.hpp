// SPDX-License-Identifier: GPL-3.0-or-later
// A root file system that ZFS decrypts by itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// Takes the text of /proc/self/mounts; gives the dataset of ZFS that is mounted on `/`, or
/// nothing where that is of another type.
[[nodiscard]] std::optional<std::string> zfs_on_root(std::string_view mounts);

/// Why Latchkey's prompt is not the last one of a boot, and what to do: ZFS asks for the key of
/// `/` itself, afterwards. Nothing where it finds that in a file, or `/` is none of its encrypted
/// datasets, or ZFS cannot be asked.
[[nodiscard]] std::optional<Error> asked_by_zfs(const Paths& paths);

}  // namespace latchkey
