// SPDX-License-Identifier: GPL-3.0-or-later
// What systemd knows of units, by systemctl: it works without a message bus, and
// its output of properties is stable.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/plan/facts.hpp"
#include "core/plan/plan.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// The properties of a unit that anything here looks at.
struct UnitState {
  std::string id{};         ///< its own name, when it was asked for by an alias
  std::string load{};       ///< `loaded`, `not-found`, `masked`
  std::string active{};     ///< `active`, `inactive`, `failed`, `activating`
  std::string sub{};        ///< `running`, `dead`, `auto-restart`
  std::string type{};       ///< of a service: `simple`, `oneshot`
  std::string unit_file{};  ///< `enabled`, `static`, `disabled`, `generated`
  std::string result{};     ///< `success`, `exit-code`, `timeout`
  std::string exit_status{};
  bool job = false;           ///< a job for it is queued or runs
  bool condition = false;     ///< how its conditions were when last looked at
  std::uint64_t condition_time = 0;  ///< when they were looked at (monotonic, µs)
  bool assertion = false;            ///< the same of its assertions
  std::uint64_t assertion_time = 0;
  std::uint64_t start_time = 0;      ///< when it last left `inactive`
  std::uint64_t restarts = 0;
  std::vector<std::string> triggered_by{};
  std::vector<std::string> consists_of{};
  std::vector<std::string> part_of{};
  std::vector<std::string> after{};       ///< what systemd starts it after
  std::vector<std::string> wanted_by{};   ///< WantedBy, RequiredBy together
  std::vector<std::string> required_by{};  ///< RequiredBy, RequisiteOf, BoundBy
  std::vector<std::string> files{};       ///< fragment first, then drop-ins as loaded
};

/// Takes what `systemctl show` printed for some units; gives one for each block,
/// in order. Unknown properties are left alone; never fails.
[[nodiscard]] std::vector<UnitState> parse_show(std::string_view text);

/// True when systemd is the init system that runs.
[[nodiscard]] bool systemd_runs();

/// The state of each unit, in the order of `names`. Fails with Code::missing
/// (no systemctl), Code::timeout, Code::io (systemd does not answer). A unit
/// that does not exist is no failure: its `load` says so. No templates.
[[nodiscard]] Result<std::vector<UnitState>> show_units(const std::vector<std::string>& names);

/// The same by the names they were asked by; each is asked once.
using UnitStates = std::map<std::string, UnitState>;
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

/// True for a unit that something starts at boot: it is enabled, or another unit
/// that is loaded wants it.
[[nodiscard]] bool is_wanted(const UnitState& unit);

/// True for a unit that only its sockets, paths and timers (`triggers`, their states)
/// start: nothing else starts it at boot and one of them is wanted, or it is a job that
/// cannot be enabled, whose timer is off.
[[nodiscard]] bool is_triggered(const UnitState& unit, const std::vector<UnitState>& triggers);

/// True when the unit is as a release leaves it: it runs; or it is triggered and each
/// wanted one of its triggers is up; or it is released and a oneshot that ran well.
[[nodiscard]] bool is_up(const UnitState& unit, const std::vector<UnitState>& triggers,
                         bool released);

/// True for a unit that is part of a held one (`services`) and that nothing starts, as a cluster of
/// PostgreSQL which its owner starts by hand: no release starts it, and it is as it is to be.
[[nodiscard]] bool is_left_to_owner(const UnitState& unit, std::span<const Service> services);

/// True for a unit that its own conditions kept from starting when systemd last looked, as the
/// part of an NFS server that is for Kerberos alone.
[[nodiscard]] bool skips_itself(const UnitState& unit);

/// True when a drop-in of ours is among the unit's loaded files, whatever stands in it by now.
[[nodiscard]] bool has_our_drop_in(const UnitState& unit);

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
