// SPDX-License-Identifier: GPL-3.0-or-later
// A plan and its actions in words.
#pragma once

#include <string>

#include "core/plan/plan.hpp"

namespace latchkey {

/// The steps of a plan for people, numbered, a line each; `nothing to do` for none.
[[nodiscard]] std::string plan_text(const Plan& plan);

/// What happens while an action runs, as a line of progress: `opening 'mysql'`.
/// Empty for actions too short to tell.
[[nodiscard]] std::string progress_text(const Action& action);

/// What an action has made so, as a line: `'mysql' is open`. Empty for actions
/// whose success nobody needs to hear of.
[[nodiscard]] std::string success_text(const Action& action);

}  // namespace latchkey
