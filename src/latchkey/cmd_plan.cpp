// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey plan`: what an unlock and a release would do now.
#include <CLI/CLI.hpp>
#include <memory>

#include "latchkey/cli/command.hpp"
#include "latchkey/cli/plan_view.hpp"
#include "latchkey/cli/say.hpp"

namespace latchkey {
namespace {

int plan_now(const Globals& globals, bool json) {
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  return show_plan(plan_unlock_and_release(*setup, globals.paths), json);
}

}  // namespace

Run declare_plan(CLI::App& app, const Globals& globals) {
  const auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "as JSON");
  return [json, &globals] { return plan_now(globals, *json); };
}

}  // namespace latchkey
