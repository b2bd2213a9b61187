// SPDX-License-Identifier: GPL-3.0-or-later
// Mounts of the system's own that a volume's mount point lies on: without them it would be
// mounted on what lies below, and be hidden when they come.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/setup.hpp"

namespace latchkey {

struct MountAbove {
  std::string place{};
  /// Its unit; empty when that cannot be started before the volume is mounted, since it
  /// waits for the release itself.
  std::string unit{};

  bool operator==(const MountAbove&) const = default;
};

/// Takes fstab's text. Gives the places above the volume's mount point that it mounts at
/// boot, from the root down. Other volumes are not among them, and neither is `/`.
[[nodiscard]] std::vector<MountAbove> mounts_above(std::string_view fstab, const Setup& setup,
                                                   const Volume& volume);

}  // namespace latchkey
