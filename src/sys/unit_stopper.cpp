// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unit_stopper.hpp"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "core/lists.hpp"
#include "core/message.hpp"
#include "core/shell_word.hpp"
#include "sys/unit_jobs.hpp"

namespace latchkey {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Names = std::vector<std::string>;

constexpr milliseconds first_pause(50);
constexpr milliseconds longest_pause(1000);

std::string cannot_stop(const std::string& unit) { return "cannot stop '" + unit + "'"; }

Error about(const std::string& unit, const Error& error) {
  return {error.code, cannot_stop(unit), sentence(error), error.hint};
}

bool down(const UnitState& unit) {
  return !unit.job && (unit.active == "inactive" || unit.active == "failed");
}

}  // namespace

void UnitStopper::add(std::size_t step, const std::string& unit) {
  added_.push_back({.step = step, .unit = unit, .begun = Clock::now(), .names = {}});
}

std::vector<Ended> UnitStopper::look() {
  std::vector<Ended> ended;
  const bool fresh = !added_.empty();
  if (fresh) queue(ended);
  if (!stops_.empty()) watch(ended);
  pause_ = fresh ? first_pause : std::min(pause_ * 2, longest_pause);
  return ended;
}

void UnitStopper::queue(std::vector<Ended>& ended) {
  Names asked;
  for (Stop& stop : added_) append(asked, stop.names = instances_of(stop.unit));
  const auto states = states_of(asked);
  Names all;
  for (Stop& stop : added_) {
    if (!states) break;
    Names names;  // triggers go first, or they start it again
    for (const std::string& name : stop.names) append(names, states->at(name).triggered_by);
    append(names, stop.names);
    stop.names = std::move(names);
    append(all, stop.names);
  }
  const bool queued = states && queue_jobs("stop", all, "");
  while (!added_.empty()) {
    const auto stop = added_.begin();
    // One that is refused may have kept the others from being queued: each for itself.
    Result<> done = states ? Result<>(Ok{}) : Result<>(about(stop->unit, states.error()));
    if (states && !queued) done = queue_jobs("stop", stop->names, cannot_stop(stop->unit));
    if (done && !stop->names.empty()) {
      stops_.splice(stops_.end(), added_, stop);
      continue;
    }
    ended.push_back({stop->step, done ? Result<std::string>(std::string()) : done.error()});
    added_.erase(stop);
  }
}

void UnitStopper::watch(std::vector<Ended>& ended) {
  Names asked;
  for (const Stop& stop : stops_) append(asked, stop.names);
  const auto states = states_of(asked);
  for (auto stop = stops_.begin(); stop != stops_.end();) {
    std::optional<Error> error;
    if (!states) error = about(stop->unit, states.error());
    const auto busy = std::ranges::find_if(
        stop->names, [&](const std::string& name) { return states && !down(states->at(name)); });
    if (!error && busy != stop->names.end()) {
      if (Clock::now() - stop->begun < timeout_) {
        ++stop;
        continue;
      }
      error = Error{Code::timeout, cannot_stop(stop->unit),
                    "'" + *busy + "' is still '" + states->at(*busy).active + "' after " +
                        duration_text(static_cast<double>(timeout_.count())),
                    "run: journalctl -b -u " + shell_word(*busy)};
    }
    ended.push_back({stop->step, error ? Result<std::string>(*error) : std::string()});
    stop = stops_.erase(stop);
  }
}

Result<> stop_unit(const std::string& unit, seconds timeout) {
  UnitStopper stopper(timeout);
  stopper.add(0, unit);
  while (true) {
    const auto ended = stopper.look();
    if (!ended.empty()) return ended[0].result ? Result<>(Ok{}) : ended[0].result.error();
    std::this_thread::sleep_for(stopper.pause());
  }
}

}  // namespace latchkey
