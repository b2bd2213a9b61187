// SPDX-License-Identifier: GPL-3.0-or-later
// What comes and goes with a held unit and is not started by starting it: what needs it, and
// what triggers it. Nobody waits here for a job's end.
#pragma once

#include <string>
#include <vector>

#include "core/units/company.hpp"

namespace latchkey {

/// Of the held units' states, by their names: the services that are part of one of them, come up
/// with it and are none of them, as a cluster of
/// postgresql.service that was made after its hold.
[[nodiscard]] std::vector<Loose> loose_parts(const UnitStates& held);

/// Takes the names of units that need one which has come up. Queues the start of those among them,
/// among those that need them in turn, and among their parts, which something starts at boot and
/// which are down without having failed themselves: they stopped with what they need, or never
/// began for want of it. Held ones are left to their own release, and what every boot passes
/// through to whoever took it down. Gives the names of those queued.
std::vector<std::string> start_dependants(std::vector<std::string> names);

/// Takes the names of sockets, paths and timers. Gives those that something starts at boot and
/// that are down.
[[nodiscard]] std::vector<std::string> idle_triggers(const std::vector<std::string>& names);

/// Queues the start of idle_triggers(); gives the names of those queued. To be called before
/// their services run: systemd refuses a socket whose service does.
std::vector<std::string> start_triggers(const std::vector<std::string>& names);

}  // namespace latchkey
