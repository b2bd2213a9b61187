// SPDX-License-Identifier: GPL-3.0-or-later
// A plan before it is carried out, as `plan` and the dry runs show it.
#pragma once

#include "core/plan/plan.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// What an unlock and a release would do now.
[[nodiscard]] Plan plan_unlock_and_release(const Setup& setup, const Paths& paths);

/// Prints the steps, as lines or as JSON (see latchkey(8)); gives the exit status, 0.
int show_plan(const Plan& plan, bool json);

}  // namespace latchkey
