// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/execute.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace latchkey {
namespace {

using Kind = StepOutcome::Kind;

std::optional<std::string> lacking(const Step& step, const std::set<std::string>& have) {
  const auto missing =
      std::ranges::find_if(step.needs, [&](const std::string& need) { return !have.contains(need); });
  if (missing == step.needs.end()) return {};
  return *missing;
}

// Finding a device or reading the keys is no end in itself.
bool is_goal(const Action& action) {
  return !std::holds_alternative<ActivateLvs>(action) &&
         !std::holds_alternative<FindDevice>(action) && !std::holds_alternative<ReadKeys>(action);
}

}  // namespace

bool Outcome::complete() const {
  return std::ranges::all_of(steps, [](const StepOutcome& s) { return s.kind == Kind::done; });
}

int Outcome::status() const {
  if (complete()) return 0;
  if (any_goal) return exit_status(Code::partial);
  std::optional<Code> only;
  for (const StepOutcome& step : steps) {
    if (step.kind != Kind::failed) continue;
    if (only && *only != step.error.code) return exit_status(Code::partial);
    only = step.error.code;
  }
  return exit_status(only.value_or(Code::partial));
}

Outcome execute(const Plan& plan, Effects& effects, Reporter& reporter) {
  Outcome outcome;
  outcome.steps.resize(plan.steps.size());
  outcome.any_goal = !plan.have.empty();
  std::set<std::string> have = plan.have;
  std::vector<bool> begun(plan.steps.size(), false);
  std::size_t running = 0;

  const auto fail = [&](std::size_t index, const Error& error) {
    outcome.steps[index] = {Kind::failed, error};
    reporter.failed(plan.steps[index], error);
  };

  while (true) {
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      const Step& step = plan.steps[i];
      if (begun[i] || lacking(step, have)) continue;
      begun[i] = true;
      if (const Refuse* refuse = std::get_if<Refuse>(&step.action)) {
        fail(i, refuse->error);
        continue;
      }
      reporter.started(step);
      effects.start(i, step.action);
      ++running;
    }
    if (running == 0) break;
    const Ended ended = effects.wait();
    --running;
    const Step& step = plan.steps.at(ended.step);
    if (ended.result) {
      outcome.steps[ended.step].kind = Kind::done;
      outcome.any_goal = outcome.any_goal || is_goal(step.action);
      if (!step.makes.empty()) have.insert(step.makes);
      reporter.finished(step, *ended.result);
    } else {
      const Error& error = ended.result.error();
      // A data volume that refuses its key ends with the same code.
      if (std::holds_alternative<ReadKeys>(step.action) && error.code == Code::denied)
        outcome.passphrase_denied = true;
      fail(ended.step, error);
    }
  }

  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    if (begun[i]) continue;
    const std::string missing = lacking(plan.steps[i], have).value_or("");
    outcome.steps[i].error = {Code::missing, describe(plan.steps[i].action), missing, ""};
    reporter.skipped(plan.steps[i], missing);
  }
  return outcome;
}

}  // namespace latchkey
