// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey plan`: what an unlock and a release would do now.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/message.hpp"
#include "latchkey/command.hpp"
#include "latchkey/summary.hpp"
#include "latchkey/terminal.hpp"

namespace latchkey {
namespace {

int show_plan(const Globals& globals, bool json) {
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  const Facts facts = probe_all(*setup, globals.paths);
  Plan plan = plan_unlock(*setup, facts);
  plan_release(plan, *setup, facts);
  if (json) {
    print(dump({{"steps", steps_json(plan, nullptr)}}));
    return 0;
  }
  print(plan_text(plan));
  return 0;
}

}  // namespace

Run declare_plan(CLI::App& app, const Globals& globals) {
  const auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "as JSON");
  return [json, &globals] { return show_plan(globals, *json); };
}

}  // namespace latchkey
