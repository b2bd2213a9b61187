// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of disks for sure, for those who must not take an absent one for a wrong one.
#pragma once

#include "core/config/device_ref.hpp"

namespace latchkey {

enum class KnownLv {
  unsure,  ///< no LVM, or a group that is not there, lacks a disk, or that two disks have
  absent,  ///< its group is there, whole, and has none of this name
  there,
};

/// Asks LVM for a logical volume; it need not be active.
[[nodiscard]] KnownLv look_up_lv(const DeviceRef& lv);

/// False in a chroot, whose devices may be those of another machine, and where that cannot be
/// told.
[[nodiscard]] bool disks_are_ours();

}  // namespace latchkey
