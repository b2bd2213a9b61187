// SPDX-License-Identifier: GPL-3.0-or-later
// Held units start after the release, which comes after the local file systems: a unit that the
// boot wants before those makes an ordering cycle, which systemd breaks by dropping one of its
// jobs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// Gives the names of all units that any of these is ordered before.
using AskBefore = std::function<std::vector<std::string>(const std::vector<std::string>&)>;

/// Gives what the boot reaches before the release, or lets people in after, and one of these
/// units has to come before, directly or by others; nothing when there is none.
[[nodiscard]] std::optional<std::string> reached_before_release(std::vector<std::string> units,
                                                                const AskBefore& ask);

/// Why such a unit is not held, with Code::refused. `reached`: what reached_before_release gave.
[[nodiscard]] Error too_early_error(const std::string& unit, const std::string& reached);

}  // namespace latchkey
