// SPDX-License-Identifier: GPL-3.0-or-later
// What the generator has written, against what it would write now.
#pragma once

#include <string>
#include <vector>

#include "core/config/volume.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// The units whose drop-in in `directory` is another than the one that follows from the
/// owner's files today: an older version wrote it, or systemd has not been reloaded since
/// they changed, as for a unit that was let go. Units without one are left out: those are not
/// held.
[[nodiscard]] std::vector<std::string> stale_drop_ins(
    const Paths& paths, const std::vector<Volume>& volumes,
    const std::string& directory = "/run/systemd/generator.early");

/// True while systemd has not been reloaded since a unit was let go.
[[nodiscard]] bool still_held(const std::string& unit,
                              const std::string& directory = "/run/systemd/generator.early");

}  // namespace latchkey
