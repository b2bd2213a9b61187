// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/first_network.hpp"
#include "core/network.hpp"
#include "latchkey/check.hpp"
#include "sys/command_line.hpp"

namespace latchkey {

Findings check_network(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  if (!inputs.config) return out;
  std::vector<std::string> told;  // the same words stand in several places
  for (const CommandLine& line : known_command_lines(paths.root)) {
    const NetworkPlan plan = network_plan(line.text, inputs.config->network);
    for (const Error& problem : plan.problems) {
      if (std::ranges::find(told, problem.what) != told.end()) continue;
      told.push_back(problem.what);
      out.push_back(doubtful(problem));
    }
    if (turned_off(plan)) out.push_back(bad(no_early_network("'" + line.source + "'")));
  }
  return out;
}

}  // namespace latchkey
