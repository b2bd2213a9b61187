// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/unit_stopper.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <map>
#include <thread>
#include <utility>

#include "core/base/lists.hpp"
#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/units/judge_start.hpp"
#include "core/units/queue_order.hpp"
#include "sys/hold/unit_jobs.hpp"
#include "sys/mount/mount_users.hpp"
#include "sys/process/process.hpp"

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

// Its package was taken away, for one: systemd refuses to stop what it does not know.
bool gone(const UnitState& unit) {
  return unit.load == "not-found" && unit.active == "inactive" && !unit.job;
}

std::string mounted_at(const std::string& unit) {
  const auto shown = run({"systemctl", "show", "--no-pager", "--property=Where", "--", unit},
                         {.timeout = seconds(60)});
  if (!shown) return {};
  for (const std::string_view line : split_lines(shown->output))
    if (line.starts_with("Where=")) return std::string(line.substr(6));
  return {};
}

// A unit that systemd has tried to stop. A mount is kept by who uses it.
Error stays_error(const std::string& stopped, const std::string& unit) {
  if (unit.ends_with(".mount")) {
    struct statx info {};
    const std::string place = mounted_at(unit);
    const bool known =
        !place.empty() && ::statx(AT_FDCWD, place.c_str(), AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
                                  STATX_TYPE, &info) == 0;
    const auto users = known ? users_of(makedev(info.stx_dev_major, info.stx_dev_minor))
                             : std::vector<MountUser>{};
    if (!users.empty())
      return {Code::busy, cannot_stop(stopped), "in use by " + users_text(users),
              "end them, then run this again"};
    return {Code::busy, cannot_stop(stopped), "it is still mounted, and something uses it",
            "look at: " + journal_of(unit) + "; for what is mounted below it: findmnt"};
  }
  return {Code::io, cannot_stop(stopped),
          "'" + unit + "' still runs though systemd was told to stop it",
          "run: " + journal_of(unit)};
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
    std::erase_if(stop.names, [&](const std::string& name) { return gone(states->at(name)); });
    append(names, stop.names);
    stop.names = std::move(names);
    append(all, stop.names);
  }
  std::map<std::string, Error> refused;
  if (states) refused = queue_each("stop", stop_order(all, *states), cannot_stop);
  while (!added_.empty()) {
    const auto stop = added_.begin();
    std::optional<Error> error;
    if (!states) error = about(stop->unit, states.error());
    for (const std::string& name : stop->names)
      if (const auto found = refused.find(name); !error && found != refused.end())
        error = found->second;
    if (!error && !stop->names.empty()) {
      stops_.splice(stops_.end(), added_, stop);
      continue;
    }
    ended.push_back({stop->step, error ? Result<std::string>(*error) : std::string()});
    added_.erase(stop);
  }
}

// A unit that is not down: nothing while it may still go down.
std::optional<Error> UnitStopper::look_at(Stop& stop, const std::string& name,
                                          const UnitState& now) const {
  // Its job has ended and it is up all the same; looked at twice, as a stop that was queued
  // anew between two jobs would look the same.
  if (now.active == "active" && !now.job) {
    if (stop.stays == name) return stays_error(stop.unit, name);
    stop.stays = name;
  } else {
    stop.stays.clear();
  }
  if (Clock::now() - stop.begun < timeout_) return {};
  return Error{Code::timeout, cannot_stop(stop.unit),
               "'" + name + "' is still '" + now.active + "' after " +
                   duration_text(static_cast<double>(timeout_.count())),
               "run: " + journal_of(name)};
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
      error = look_at(*stop, *busy, states->at(*busy));
      if (!error) {
        ++stop;
        continue;
      }
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
