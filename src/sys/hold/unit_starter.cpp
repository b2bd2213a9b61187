// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/unit_starter.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/base/lists.hpp"
#include "core/base/message.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/hold/hold.hpp"
#include "core/units/judge_start.hpp"
#include "core/units/queue_order.hpp"
#include "sys/hold/unit_company.hpp"
#include "sys/hold/unit_jobs.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Longer than systemctl ever needs to answer.
const RunOptions quick{.timeout = seconds(60)};
// As long as queueing took, within these: on a slow machine units are slow too, and asking costs.
constexpr milliseconds shortest_pause(20);
constexpr milliseconds first_pause(100);
constexpr milliseconds longest_pause(1000);
// A unit that is up at once may still fall over in its first moment.
constexpr milliseconds first_moment(500);

using Names = std::vector<std::string>;

std::optional<Error> unusable(const UnitState& state, const std::string& unit) {
  if (state.load == "loaded") return {};
  if (state.load == "masked")
    return Error{Code::refused, cannot_start(unit), "it is masked",
                 "run: systemctl unmask " + shell_word(unit)};
  if (state.load == "not-found")
    return Error{Code::missing, cannot_start(unit), "systemd knows no such unit",
                 "correct its name in /etc/latchkey/services"};
  return Error{Code::io, cannot_start(unit), "systemd could not load it: " + printable(state.load),
               "run: systemctl status " + shell_word(unit)};
}

bool systemd_is_starting() {
  const auto ran = run({"systemctl", "is-system-running"}, quick);
  return ran && (trim(ran->output) == "starting" || trim(ran->output) == "initializing");
}

bool settles(const std::string& type) {
  return type == "simple" || type == "exec" || type == "idle";
}

}  // namespace

void UnitStarter::add(std::size_t step, const std::string& unit) {
  added_.push_back({.step = step, .unit = unit, .begun = Clock::now()});
}

std::vector<Ended> UnitStarter::look() {
  std::vector<Ended> ended;
  if (!added_.empty()) {
    prepare(ended);
    const auto begun = Clock::now();
    queue(ended);
    pause_ = std::clamp(std::chrono::duration_cast<milliseconds>(Clock::now() - begun),
                        shortest_pause, first_pause);
    return ended;  // hardly any is up in the moment in which it was queued
  }
  if (!starts_.empty()) watch(ended);
  pause_ = std::min(pause_ * 2, longest_pause);
  return ended;
}

// The states of these units. What lies on a volume, or is made of what does, systemd did not
// find before that was mounted, and does not look for again by itself.
Result<UnitStates> UnitStarter::known_by_now(const std::vector<std::string>& names) {
  auto states = states_of(names);
  const auto unknown = [](const auto& item) {
    return item.second.load != "loaded" && item.second.load != "masked";
  };
  if (reloaded_ || !states || std::ranges::none_of(*states, unknown)) return states;
  reloaded_ = true;
  if (!reload_systemd()) return states;
  return states_of(names);
}

// Finds out what is to be started of each unit that was added.
void UnitStarter::prepare(std::vector<Ended>& ended) {
  const auto end = [&](std::list<Start>::iterator start, Result<std::string> result) {
    ended.push_back({start->step, std::move(result)});
    return added_.erase(start);
  };
  Names asked;
  for (auto start = added_.begin(); start != added_.end();) {
    start->names = instances_of(start->unit, services_);
    append(asked, start->names);
    start = start->names.empty() ? end(start, std::string("no instance to start")) : ++start;
  }
  const auto states = known_by_now(asked);
  Names by;
  if (states)
    for (const auto& [name, state] : *states) append(by, state.triggered_by);
  const auto triggers = states_of(by);
  for (auto start = added_.begin(); start != added_.end();) {
    std::optional<Error> error;
    if (!states) error = states.error();
    for (const std::string& name : start->names) {
      if (error) break;
      const UnitState& unit = states->at(name);
      error = unusable(unit, name);
      std::vector<UnitState> all;
      for (const std::string& trigger_name : unit.triggered_by) {
        if (!triggers) break;
        const UnitState& trigger = triggers->at(trigger_name);
        all.push_back(trigger);
        if (trigger.load != "loaded" || !is_wanted(trigger)) continue;
        // A socket cannot be started while its service runs; it is not needed then.
        if (trigger.active == "active" ||
            (unit.active == "active" && trigger_name.ends_with(".socket")))
          continue;
        start->triggers.push_back(trigger_name);
        start->jobs.push_back({.name = trigger_name, .before = trigger});
      }
      const bool triggered = is_triggered(unit, all);
      const bool left = is_left_to_owner(unit, services_);
      if (unit.active != "active" && !triggered && !left) start->units.push_back(name);
      if (left) start->idle = "left to who starts it by hand";
      if (triggered && std::ranges::none_of(all, is_wanted)) start->idle = "what starts it is off";
    }
    // Behind the triggers: what is told is how the unit itself fared.
    for (const std::string& name : start->units)
      start->jobs.push_back({.name = name, .before = states->at(name)});
    start = error ? end(start, *error) : ++start;
  }
}

// Queues the jobs. Sockets first: systemd refuses them once their service runs.
void UnitStarter::queue(std::vector<Ended>& ended) {
  Names failed{"systemctl", "reset-failed", "--"};
  Names triggers;
  Names units;
  UnitStates states;
  for (const Start& start : added_) {
    append(triggers, start.triggers);
    append(units, start.units);
    for (const Job& job : start.jobs) {
      states[job.name] = job.before;
      if (may_be_refused(job.before)) failed.push_back(job.name);
    }
  }
  if (failed.size() > 3) (void)run(failed, quick);  // what is not loaded has nothing to forget
  append(triggers, units);
  const auto refused = queue_each("start", start_order(triggers, states), cannot_start);
  while (!added_.empty()) {
    const auto start = added_.begin();
    std::optional<Error> error;
    for (const Job& job : start->jobs)
      if (const auto found = refused.find(job.name); !error && found != refused.end())
        error = found->second;
    if (error) {
      ended.push_back({start->step, *error});
      added_.erase(start);
    } else {
      starts_.splice(starts_.end(), added_, start);
    }
  }
}

Result<> UnitStarter::look_at(Job& job, const Start& start, const UnitState& now) const {
  const auto passed = Clock::now() - start.begun;
  const Judged judged = judge_start(job.before, now, job.name);
  if (judged.progress == Progress::failed) return judged.error;
  if (judged.progress == Progress::done) {
    const bool active = now.active == "active";
    if (!active || !settles(now.type)) {
      job.detail = active ? "running" : "has run";
      return Ok{};
    }
    const bool fell_over = !job.up.active.empty() && job.up.restarts != now.restarts;
    if (job.up.active.empty() || fell_over) {
      job.up = now;
      job.since = Clock::now();
    } else if (Clock::now() - job.since >= first_moment) {
      job.detail = "running";
      return Ok{};
    }
    // It is up, however late that was seen: where many start, a look alone can take long.
    if (!fell_over) return Ok{};
  } else {
    job.up = {};
  }
  // Behind other jobs of a boot that goes on without us: it will come.
  const bool queued = now.active == "inactive" && now.job;
  if (behind_boot_ && queued && passed > seconds(5) && systemd_is_starting()) {
    job.detail = "queued behind the boot";
    return Ok{};
  }
  if (passed >= timeout_ && queued)
    return Error{Code::timeout, cannot_start(job.name),
                 "its start is still queued behind other units after " +
                     duration_text(std::chrono::duration<double>(passed).count()),
                 "run: systemctl list-jobs"};
  if (passed >= timeout_)
    return Error{Code::timeout, cannot_start(job.name),
                 "it is still '" + now.active + "' after " +
                     duration_text(std::chrono::duration<double>(passed).count()),
                 "run: " + journal_of(job.name)};
  return Ok{};
}

// What stopped with a unit, or never began for want of it, does not come back by itself.
std::string UnitStarter::told_dependants(const std::vector<Job>& jobs) {
  Names names;
  for (const Job& job : jobs) append(names, job.before.required_by);
  const Names started = start_dependants(std::move(names));
  return started.empty() ? std::string() : "; starts what needs it: " + join(started, ", ");
}

void UnitStarter::watch(std::vector<Ended>& ended) {
  Names asked;
  for (const Start& start : starts_)
    for (const Job& job : start.jobs)
      if (job.detail.empty()) asked.push_back(job.name);
  const auto states = states_of(asked);
  for (auto start = starts_.begin(); start != starts_.end();) {
    std::optional<Error> error;
    if (!states) error = states.error();
    bool done = true;
    for (Job& job : start->jobs) {
      if (error || !job.detail.empty()) continue;
      if (const auto seen = look_at(job, *start, states->at(job.name)); !seen) error = seen.error();
      done = done && !job.detail.empty();
    }
    if (!error && !done) {
      ++start;
      continue;
    }
    std::string detail = start->jobs.empty() ? start->idle : start->jobs.back().detail;
    if (start->units.empty() && !start->triggers.empty())
      detail = "waiting for " + join(start->triggers, ", ");
    if (!error) detail += told_dependants(start->jobs);
    ended.push_back({start->step, error ? Result<std::string>(*error) : detail});
    start = starts_.erase(start);
  }
}

}  // namespace latchkey
