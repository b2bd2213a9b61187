// SPDX-License-Identifier: GPL-3.0-or-later
// What comes and goes with a held unit and is not started by starting it, by states alone.
#pragma once

#include <string>
#include <vector>

#include "core/units/unit_state.hpp"

namespace latchkey {

/// A unit that has to do with a held one, and is not held itself.
struct Loose {
  std::string unit;
  std::string held;  ///< the held one

  bool operator==(const Loose&) const = default;
};

/// Of the held units' states, by their names: the services that need one of them
/// (Requires=, Requisite=, BindsTo=) and are none of them.
[[nodiscard]] std::vector<Loose> loose_dependants(const UnitStates& held);

/// The services that are part of one of them and none of them.
[[nodiscard]] std::vector<Loose> other_parts(const UnitStates& held);

/// The sockets, paths and timers that start one of them and have none of our drop-ins,
/// those that were installed after its hold. Takes the states of what triggers them.
[[nodiscard]] std::vector<Loose> loose_triggers(const UnitStates& held, const UnitStates& triggers);

/// True for a part of a unit that comes up with it: it runs, or something starts it and its own
/// conditions have not kept it from that.
[[nodiscard]] bool starts_with_whole(const UnitState& part);

/// True for a unit that something starts at boot and that is down without having failed or run:
/// it stopped with what it needs, or never began for want of it.
[[nodiscard]] bool waits_in_vain(const UnitState& unit);

/// True for the name of what a job may be queued for though nobody asked for it: no device, nothing
/// that ends the boot, and nothing that every boot passes through, which may be down on purpose
/// (rescue mode).
[[nodiscard]] bool can_be_started(const std::string& unit);

}  // namespace latchkey
