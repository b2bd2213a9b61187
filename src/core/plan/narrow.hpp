// SPDX-License-Identifier: GPL-3.0-or-later
// `--only`: a part of a plan.
#pragma once

#include <set>
#include <string>

#include "core/plan/plan.hpp"

namespace latchkey {

/// Takes a plan and the names of volumes and units. Gives the steps for them, and
/// what these need: for a volume its own steps and the units that need it, for a
/// unit all its volumes. No name at all keeps the plan whole.
[[nodiscard]] Plan narrow(const Plan& plan, const Setup& setup, const std::set<std::string>& only);

/// Takes what a person typed for --only. Gives it as the name of a configured
/// volume or unit. Fails with Code::usage and the nearest name.
[[nodiscard]] Result<std::string> resolve_name(const Setup& setup, const std::string& typed);

}  // namespace latchkey
