// SPDX-License-Identifier: GPL-3.0-or-later
// The order in which jobs are handed to systemd. It takes each name of a `systemctl start` or
// `stop` for itself, and what it knows of the units' order counts only against jobs that are
// queued already: whoever comes first does not wait for whoever comes later.
#pragma once

#include <string>
#include <vector>

#include "core/units/unit_state.hpp"

namespace latchkey {

/// Takes units and what triggers them, which may stand more than once, with their states. Gives
/// each once, for a start: mounts before all others, since a timer may start its service at
/// once; and each behind those that its After= names. Else they stay as they stood.
[[nodiscard]] std::vector<std::string> start_order(const std::vector<std::string>& names,
                                                   const UnitStates& states);

/// The same for a stop: each before those that its After= names, mounts behind all others, and
/// what triggers a unit before it, or it would be started again.
[[nodiscard]] std::vector<std::string> stop_order(const std::vector<std::string>& names,
                                                  const UnitStates& states);

}  // namespace latchkey
