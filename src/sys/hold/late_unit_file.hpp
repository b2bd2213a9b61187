// SPDX-License-Identifier: GPL-3.0-or-later
// Files of units that lie on a volume: systemd reads its units before that is mounted.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "core/config/volume.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {

/// The first of a unit's files that is a link into a volume which is mounted at the release, told
/// as a warning: the unit's own file, looked for also where systemd does not know the unit, or
/// one of its drop-ins. Nothing when there is none. Links are followed by their names, so the
/// volume need not be mounted. `units`: where the owner's units lie.
[[nodiscard]] std::optional<Error> late_unit_file(const std::string& unit, const UnitState& state,
                                                  std::span<const Volume> volumes,
                                                  const std::string& units = "/etc/systemd/system");

}  // namespace latchkey
