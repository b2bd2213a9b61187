// SPDX-License-Identifier: GPL-3.0-or-later
// What unit_starter.hpp and unit_stopper.hpp go by. Nobody here ever waits inside systemd: a
// job is queued and its end looked for, with a bound, so that no order of units can make
// this a deadlock.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sys/hold/systemd.hpp"

namespace latchkey {

/// How a start that was queued stands.
enum class Progress { running, done, failed };

/// Takes a unit's state from before its start was queued and the one of now.
/// Gives how it stands, and for a failure why and what to look at.
struct Judged {
  Progress progress = Progress::running;
  Error error{};
};
[[nodiscard]] Judged judge_start(const UnitState& before, const UnitState& now,
                                 const std::string& unit);

/// True when systemd may have counted starts of a unit that went wrong, and refuse the
/// next one until they are forgotten.
[[nodiscard]] bool may_be_refused(const UnitState& unit);

/// Queues a job for each of the units, in their order, by one call: `verb` is systemctl's
/// word for it. No unit is fine. Fails with Code::missing (no systemctl) and Code::io, `what`
/// being what failed; one that is refused may keep the others from being queued.
[[nodiscard]] Result<> queue_jobs(const char* verb, const std::vector<std::string>& units,
                                  const std::string& what);

/// The same, but one that is refused keeps no other from being queued. Gives those that were, with
/// why; `cannot`: what failed of a unit, for people.
[[nodiscard]] std::map<std::string, Error> queue_each(
    const char* verb, const std::vector<std::string>& units,
    const std::function<std::string(const std::string&)>& cannot);

/// Queues the start of one unit and does not look back.
void start_soon(const std::string& unit);

/// Forgets that a unit failed.
void forget_failure(const std::string& unit);

}  // namespace latchkey
