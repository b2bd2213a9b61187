// SPDX-License-Identifier: GPL-3.0-or-later
// What systemd says of a unit, and what it means.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

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
  bool job = false;                  ///< a job for it is queued or runs
  bool condition = false;            ///< how its conditions were when last looked at
  std::uint64_t condition_time = 0;  ///< when they were looked at (monotonic, µs)
  bool assertion = false;            ///< the same of its assertions
  std::uint64_t assertion_time = 0;
  std::uint64_t start_time = 0;  ///< when it last left `inactive`
  std::uint64_t restarts = 0;
  std::vector<std::string> triggered_by{};
  std::vector<std::string> consists_of{};
  std::vector<std::string> part_of{};
  std::vector<std::string> after{};        ///< what systemd starts it after
  std::vector<std::string> wanted_by{};    ///< WantedBy, RequiredBy together
  std::vector<std::string> required_by{};  ///< RequiredBy, RequisiteOf, BoundBy
  std::vector<std::string> files{};        ///< fragment first, then drop-ins as loaded
};

/// Takes what `systemctl show` printed for some units; gives one for each block,
/// in order. Unknown properties are left alone; never fails.
[[nodiscard]] std::vector<UnitState> parse_show(std::string_view text);

/// States by the names that they were asked by.
using UnitStates = std::map<std::string, UnitState>;

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

/// True for a unit that its own conditions kept from starting when systemd last looked, as the
/// part of an NFS server that is for Kerberos alone.
[[nodiscard]] bool skips_itself(const UnitState& unit);

/// True when a drop-in of ours is among the unit's loaded files, whatever stands in it by now.
[[nodiscard]] bool has_our_drop_in(const UnitState& unit);

}  // namespace latchkey
