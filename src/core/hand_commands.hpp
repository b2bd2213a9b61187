// SPDX-License-Identifier: GPL-3.0-or-later
// What people are told to type on disks, where no command of ours does it: lines that do what
// they are meant to as they stand, and never cost data.
#pragma once

#include <cstdint>
#include <string>

namespace latchkey {

/// What gives a volume group `missing` more bytes of room: another disk, or less of another
/// logical volume with its file system, never without it.
[[nodiscard]] std::string room_hint(const std::string& vg, std::uint64_t missing);

}  // namespace latchkey
