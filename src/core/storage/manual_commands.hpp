// SPDX-License-Identifier: GPL-3.0-or-later
// What people are told to type on disks, where no command of ours does it: lines that do what
// they are meant to as they stand, and never cost data.
#pragma once

#include <cstdint>
#include <string>

#include "core/config/device_ref.hpp"

namespace latchkey {

/// What gives a volume group `missing` more bytes of room: another disk, or less of another
/// logical volume with its file system, never without it. `extent` is the group's, in bytes: LVM
/// takes no part of one away.
[[nodiscard]] std::string room_hint(const std::string& vg, std::uint64_t missing,
                                    std::uint64_t extent);

/// Wakes a logical volume, with `; ` behind it: the keys volume's rests while nobody unlocks,
/// and in a rescue system none may be awake. Empty for any other device.
[[nodiscard]] std::string wake_first(const DeviceRef& device);

/// `cryptsetup ACTION DEVICE REST`, with the option for a header that is kept apart (`header`
/// is empty where it is on the device), without which cryptsetup finds none.
[[nodiscard]] std::string cryptsetup_command(const std::string& action, const DeviceRef& device,
                                             const std::string& header,
                                             const std::string& rest = {});

/// How a recovery key of this volume is used, to be noted with it on paper; of the keys volume
/// (`keys`) it opens everything where a passphrase would.
[[nodiscard]] std::string recovery_key_use(const DeviceRef& device, const std::string& header,
                                           const std::string& mapping, bool keys);

}  // namespace latchkey
