// SPDX-License-Identifier: GPL-3.0-or-later
// Held units that run and would not come back from a restart.
#pragma once

#include "core/plan/facts.hpp"
#include "core/plan/plan.hpp"

namespace latchkey {

/// True for a unit that runs, all of whose volumes are up, and that no release has marked: it ran
/// before it was held, or the marks are gone. A restart would stop it and then fail to start it,
/// since what holds it refuses the start.
[[nodiscard]] inline bool would_not_restart(const Service& service, const Setup& setup,
                                            const Facts& facts) {
  const auto found = facts.units.find(service.unit);
  return found != facts.units.end() && found->second.known && found->second.active &&
         !found->second.released && lacking_volumes(service, setup, facts).empty();
}

}  // namespace latchkey
