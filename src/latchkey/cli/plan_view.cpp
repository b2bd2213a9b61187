// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/cli/plan_view.hpp"

#include <nlohmann/json.hpp>

#include "core/plan/plan_text.hpp"
#include "latchkey/cli/say.hpp"
#include "latchkey/cli/summary.hpp"

namespace latchkey {

Plan plan_unlock_and_release(const Setup& setup, const Paths& paths) {
  const Facts facts = probe_all(setup, paths);
  Plan plan = plan_unlock(setup, facts);
  plan_release(plan, setup, facts);
  return plan;
}

int show_plan(const Plan& plan, bool json) {
  print(json ? dump({{"steps", steps_json(plan, nullptr)}}) : plan_text(plan));
  return 0;
}

}  // namespace latchkey
