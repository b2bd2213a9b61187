// SPDX-License-Identifier: GPL-3.0-or-later
// What lies on a block device, by libblkid: nothing is written to a device that
// holds something. And whether an ext4 on it was closed.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.hpp"

namespace latchkey {

/// The kind of what a device holds (`ext4`, `crypto_LUKS`, `LVM2_member`,
/// `linux_raid_member`, `swap`, `partition table (gpt)` …), or nothing when it
/// shows no signature known to libblkid. Reads only. Two signatures at once are
/// named together. Fails with Code::missing, with Code::timeout (see ask_disk), or with Code::io
/// when anything that has to be looked at cannot be read: nobody knows then what the device holds.
[[nodiscard]] Result<std::optional<std::string>> find_signature(const std::string& device);

/// True when what is open there is an ext4 whose journal holds what the file system does not.
[[nodiscard]] bool journal_is_dirty(int fd);

}  // namespace latchkey
