// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unit_jobs.hpp"

#include <algorithm>
#include <thread>

#include "core/message.hpp"
#include "core/text.hpp"
#include "sys/process.hpp"

namespace latchkey {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Longer than systemctl ever needs to queue a job.
const RunOptions quick{.timeout = seconds(60)};

std::string cannot_start(const std::string& unit) { return "cannot start '" + unit + "'"; }
std::string journal(const std::string& unit) { return "run: journalctl -b -u " + unit; }

std::string failure_text(const UnitState& unit) {
  if (unit.result == "exit-code") return "its process ended with status " + unit.exit_status;
  if (unit.result == "signal" || unit.result == "core-dump") return "a signal ended its process";
  if (unit.result == "timeout") return "it did not become ready in its own time";
  if (unit.result == "start-limit-hit") return "it failed too often in a row";
  return unit.result.empty() ? "it failed" : "it failed: " + printable(unit.result);
}

}  // namespace

Judged judge_start(const UnitState& before, const UnitState& now, const std::string& unit) {
  const auto failed = [&](Code code, const std::string& why, const std::string& hint) {
    return Judged{Progress::failed, {code, cannot_start(unit), why, hint}};
  };
  if (now.active == "failed") return failed(Code::io, failure_text(now), journal(unit));
  if (now.active == "active" || now.active == "reloading" || now.active == "refreshing")
    return {Progress::done};
  if (now.active != "inactive" || now.job) return {};
  // Its job is gone and it does not run: skipped, over already, or never begun.
  if (now.condition_time != before.condition_time && !now.condition)
    return failed(Code::refused, "one of its conditions is not met",
                  "run: systemctl status " + unit);
  if (now.start_time != before.start_time) {
    if (now.result == "success" || now.result.empty()) return {Progress::done};
    return failed(Code::io, failure_text(now), journal(unit));
  }
  return failed(Code::io, "a unit that it needs did not start",
                "run: systemctl list-dependencies " + unit);
}

bool may_be_refused(const UnitState& unit) {
  return unit.active == "failed" || unit.restarts > 0 ||
         !(unit.result.empty() || unit.result == "success");
}

Result<> take_down(const std::string& unit, seconds timeout) {
  const std::string what = "cannot stop '" + unit + "'";
  const auto deadline = Clock::now() + timeout;
  std::vector<std::string> names = instances_of(unit);
  const auto shown = show_units(names);
  if (!shown) return Error{shown.error().code, what, sentence(shown.error()), shown.error().hint};
  std::vector<std::string> all;
  for (const UnitState& state : *shown)  // triggers go first, or they start it again
    all.insert(all.end(), state.triggered_by.begin(), state.triggered_by.end());
  all.insert(all.end(), names.begin(), names.end());
  if (all.empty()) return Ok{};
  std::vector<std::string> argv{"systemctl", "stop", "--no-block", "--"};
  argv.insert(argv.end(), all.begin(), all.end());
  const auto queued = run_ok(argv, what, quick);
  if (!queued) return queued.error();
  for (milliseconds pause(50);; pause = std::min(pause * 2, milliseconds(1000))) {
    const auto now = show_units(all);
    if (!now) return Error{now.error().code, what, sentence(now.error()), now.error().hint};
    const auto busy = std::ranges::find_if(*now, [](const UnitState& state) {
      return state.job || (state.active != "inactive" && state.active != "failed");
    });
    if (busy == now->end()) return Ok{};
    if (Clock::now() >= deadline)
      return Error{Code::timeout, what,
                   "'" + busy->id + "' is still '" + busy->active + "' after " +
                       duration_text(static_cast<double>(timeout.count())),
                   journal(busy->id)};
    std::this_thread::sleep_for(pause);
  }
}

void start_soon(const std::string& unit) {
  (void)run({"systemctl", "start", "--no-block", "--", unit}, quick);
}

void forget_failure(const std::string& unit) {
  (void)run({"systemctl", "reset-failed", "--", unit}, quick);
}

}  // namespace latchkey
