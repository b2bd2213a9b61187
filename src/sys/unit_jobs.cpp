// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unit_jobs.hpp"

#include <algorithm>
#include <map>
#include <optional>
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

bool systemd_is_starting() {
  const auto ran = run({"systemctl", "is-system-running"}, quick);
  return ran && (trim(ran->output) == "starting" || trim(ran->output) == "initializing");
}

// Units that failed or were started again by systemd have used up some of the starts
// that it allows: those are forgotten, or it refuses this one.
void forget_failures(const std::map<std::string, UnitState>& units) {
  std::vector<std::string> argv{"systemctl", "reset-failed", "--"};
  for (const auto& [name, state] : units)
    if (state.active == "failed" || state.restarts > 0 ||
        !(state.result.empty() || state.result == "success"))
      argv.push_back(name);
  if (argv.size() > 3) (void)run(argv, quick);  // what is not loaded has nothing to forget
}

Result<> start_jobs(const std::vector<std::string>& units, const std::string& what) {
  if (units.empty()) return Ok{};
  std::vector<std::string> argv{"systemctl", "start", "--no-block", "--"};
  argv.insert(argv.end(), units.begin(), units.end());
  const auto done = run_ok(argv, what, quick);
  if (!done) return done.error();
  return Ok{};
}

// A unit that is up at once may still fall over in its first moment.
bool stays_up(const UnitState& seen, const std::string& unit) {
  std::this_thread::sleep_for(milliseconds(500));
  const auto again = show_units({unit});
  return again && (*again)[0].active == seen.active && (*again)[0].restarts == seen.restarts;
}

Result<std::string> await_start(const UnitState& before, const std::string& unit,
                                Clock::time_point deadline) {
  const auto begun = Clock::now();
  milliseconds pause(100);
  while (true) {
    const auto shown = show_units({unit});
    if (!shown) return shown.error();
    const UnitState& now = (*shown)[0];
    const Judged judged = judge_start(before, now, unit);
    if (judged.progress == Progress::failed) return judged.error;
    if (judged.progress == Progress::done) {
      if (now.active != "active") return std::string("has run");
      if (now.type != "simple" && now.type != "exec" && now.type != "idle")
        return std::string("running");
      if (stays_up(now, unit)) return std::string("running");
    }
    // Behind other jobs of a boot that goes on without us: it will come.
    if (now.active == "inactive" && now.job && Clock::now() - begun > seconds(5) &&
        systemd_is_starting())
      return std::string("queued behind the boot");
    if (Clock::now() >= deadline)
      return Error{Code::timeout, cannot_start(unit),
                   "it is still '" + now.active + "' after " +
                       duration_text(std::chrono::duration<double>(Clock::now() - begun).count()),
                   journal(unit)};
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, milliseconds(1000));
  }
}

std::optional<Error> unusable(const UnitState& state, const std::string& unit) {
  if (state.load == "loaded") return {};
  if (state.load == "masked")
    return Error{Code::refused, cannot_start(unit), "it is masked",
                 "run: systemctl unmask " + unit};
  if (state.load == "not-found")
    return Error{Code::missing, cannot_start(unit), "systemd knows no such unit",
                 "correct its name in /etc/latchkey/services"};
  return Error{Code::io, cannot_start(unit), "systemd could not load it: " + printable(state.load),
               "run: systemctl status " + unit};
}

// What of a unit and its triggers is to be started.
struct Chosen {
  std::vector<std::string> triggers{};
  std::vector<std::string> units{};
  std::map<std::string, UnitState> before{};
};

Result<Chosen> choose(const std::vector<std::string>& names) {
  Chosen out;
  const auto shown = show_units(names);
  if (!shown) return shown.error();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const UnitState& unit = (*shown)[i];
    if (auto error = unusable(unit, names[i])) return *error;
    out.before[names[i]] = unit;
    const auto triggers = show_units(unit.triggered_by);
    bool triggered = false;
    for (std::size_t t = 0; triggers && t < triggers->size(); ++t) {
      const UnitState& trigger = (*triggers)[t];
      if (trigger.load != "loaded" || !is_wanted(trigger)) continue;
      triggered = true;
      const std::string& name = unit.triggered_by[t];
      // A socket cannot be started while its service runs; it is not needed then.
      if (trigger.active == "active" || (unit.active == "active" && name.ends_with(".socket")))
        continue;
      out.before[name] = trigger;
      out.triggers.push_back(name);
    }
    if (unit.active != "active" && (is_wanted(unit) || !triggered)) out.units.push_back(names[i]);
  }
  return out;
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

Result<std::string> bring_up(const std::string& unit, seconds timeout, const Turn& turn) {
  const auto deadline = Clock::now() + timeout;
  const auto names = instances_of(unit);
  if (names.empty()) return std::string("no instance to start");
  const auto chosen = choose(names);
  if (!chosen) return chosen.error();
  forget_failures(chosen->before);
  turn.wait();
  // Sockets first: systemd refuses them once their service runs.
  for (const auto& group : {chosen->triggers, chosen->units})
    if (auto done = start_jobs(group, cannot_start(unit)); !done) return done.error();
  turn.pass();
  std::string detail = "running";
  for (const auto& group : {chosen->triggers, chosen->units})
    for (const std::string& name : group) {
      auto up = await_start(chosen->before.at(name), name, deadline);
      if (!up) return up;
      detail = *up;
    }
  if (chosen->units.empty() && !chosen->triggers.empty())
    detail = "waiting for " + join(chosen->triggers, ", ");
  return detail;
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
