// SPDX-License-Identifier: GPL-3.0-or-later
// Mounts and swap areas that the owner wrote as units of systemd instead of lines of fstab.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/mount/fstab_line.hpp"
#include "core/units/unit_file.hpp"

namespace latchkey {

/// Such a unit, as the line of fstab that would do the same.
struct HandMount {
  std::string unit{};  ///< the one to disable: `srv-www.mount`, `srv-www.automount`
  std::string file{};  ///< where it stands
  bool enabled = false;
  FstabLine line{};
};

/// Takes the name of a mount, automount or swap unit, the settings of its file, what links to
/// it (`local-fs.target.requires`, …; none: only what asks for it starts it), and for an
/// automount the settings of its mount. A unit counts as `nofail`, as in fstab, when no target
/// requires it and local-fs.target is not ordered after it. One that is only wanted, and ordered
/// after the release, still comes before local-fs.target unless its own Options= or
/// DefaultDependencies= say otherwise.
/// Nothing for a unit that systemd does not load either.
[[nodiscard]] std::optional<FstabLine> line_of_unit(const std::string& unit,
                                                    std::span<const UnitSetting> settings,
                                                    std::span<const std::string> linked_by,
                                                    std::span<const UnitSetting> mount = {});

}  // namespace latchkey
