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

namespace latchkey {

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
