// SPDX-License-Identifier: GPL-3.0-or-later
// Other names for what lies on a volume.
#pragma once

#include <string>
#include <vector>

#include "core/config/volume.hpp"

namespace latchkey {

/// The volume's mount point, and the links onto it or below it where programs have their data:
/// directly in `/`, /var and /var/lib, which are on no other machine. Only where a link leads is
/// read, so no disk is asked for anything. None for a volume that is mounted nowhere. `root` is a
/// prefix for tests.
[[nodiscard]] std::vector<std::string> places_of(const std::string& root, const Volume& volume);

/// A volume that a release mounts, and its places. It lives no longer than what it was made of.
struct PlacedVolume {
  const Volume* volume = nullptr;
  std::vector<std::string> places{};

  /// A copy of the directory above takes a link for what it is: only the mount point is in it.
  [[nodiscard]] bool is_mounted_on(const std::string& place) const {
    return place == volume->mount_point;
  }
};

/// Those of these volumes.
[[nodiscard]] std::vector<PlacedVolume> placed_volumes(const std::string& root,
                                                       const std::vector<Volume>& volumes);

}  // namespace latchkey
