// SPDX-License-Identifier: GPL-3.0-or-later
// What systemd knows of units, by systemctl: it works without a message bus, and
// its output of properties is stable.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/plan/facts.hpp"
#include "core/plan/plan.hpp"
#include "core/units/unit_state.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// True when systemd is the init system that runs.
[[nodiscard]] bool systemd_runs();

/// The state of each unit, in the order of `names`. Fails with Code::missing
/// (no systemctl), Code::timeout, Code::io (systemd does not answer). A unit
/// that does not exist is no failure: its `load` says so. No templates.
[[nodiscard]] Result<std::vector<UnitState>> show_units(const std::vector<std::string>& names);

/// The same by the names they were asked by; each is asked once.
[[nodiscard]] Result<UnitStates> states_of(std::vector<std::string> names);

/// The loaded instances of a template; for any other unit, itself.
[[nodiscard]] std::vector<std::string> instances_of(const std::string& unit);

/// The same without the instances that have a line of their own among `services`. Of two drop-ins
/// with our name systemd takes the instance's alone: such a one waits for its own volumes.
[[nodiscard]] std::vector<std::string> instances_of(const std::string& unit,
                                                    std::span<const Service> services);

/// True when systemd has a unit file of this name, which may be a template. Fails as show_units.
[[nodiscard]] Result<bool> unit_file_exists(const std::string& unit);

/// The names of all unit files and loaded units, for finding the nearest.
[[nodiscard]] std::vector<std::string> all_units();

/// True when our condition is in the unit's loaded files and stands.
[[nodiscard]] bool is_held(const UnitState& unit, const std::string& held_as);

/// What people are told of a held unit that is masked.
[[nodiscard]] Error masked_error(const std::string& unit);

/// The configured units and what triggers them, as systemd has them.
struct HeldUnits {
  /// Instances, by configured unit; those with a line of their own by that alone.
  std::map<std::string, std::vector<std::string>> names{};
  UnitStates units{};
  UnitStates triggers{};
  bool release_failed = false;  ///< latchkey-release.service or latchkey-start.service has
  UnitState release{};          ///< latchkey-release.service; both are asked for with them
};

/// Asks systemd for them. What it does not answer is left out.
[[nodiscard]] HeldUnits held_units(const Setup& setup);

/// Sets the facts of every configured unit. Where systemd does not run, only
/// `released`. `asked`: what held_units gave, for whoever needs that too.
void probe_units(Facts& facts, const Setup& setup, const Paths& paths);
void probe_units(Facts& facts, const Setup& setup, const Paths& paths, const HeldUnits& asked);

/// Has systemd read its units again, the generators with them.
[[nodiscard]] Result<> reload_systemd();

}  // namespace latchkey
