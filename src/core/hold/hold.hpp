// SPDX-License-Identifier: GPL-3.0-or-later
// Holding units on systemd, as texts: what the generator writes, what `hold`
// writes into the owner's files, and whether loaded files still hold a unit.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/volume.hpp"
#include "core/units/unit_name.hpp"
#include "core/units/unit_state.hpp"

namespace latchkey {

/// A unit that is held, with what must be there before it may run.
struct HeldUnit {
  std::string unit;
  std::vector<std::string> mount_points{};  ///< must be mount points
  std::vector<std::string> devices{};       ///< must exist (volumes that are not mounted)
  std::vector<std::string> triggers{};      ///< sockets, paths and timers that start it
};

/// What the generator could read, and what it could not.
struct Holds {
  std::vector<HeldUnit> units{};
  std::vector<std::string> problems{};  ///< one line each, for the kernel's log
};

/// A file of the generator: drop-in `zzzz-latchkey.conf` of this unit.
struct DropIn {
  std::string unit;
  std::string text;

  bool operator==(const DropIn&) const = default;
};

/// Takes the volumes that early boot has opened. Gives the drop-ins for the devices of those
/// that the system mounts itself: their line in fstab bounds the wait for a device that may
/// never come, and these are there, however long a slow machine takes to see them.
/// Another one is for LVM, which asks every disk while the whole boot waits for it without
/// limit: its unit goes on, and the boot does so too.
[[nodiscard]] std::vector<DropIn> patience(std::span<const Volume> open);

/// The release marker of a unit, relative to /run/latchkey.
[[nodiscard]] std::string marker_of(const std::string& unit);

/// Takes the texts of the services and triggers files and the volumes that
/// could be read (perhaps none). Fails closed and never as a whole: a unit whose
/// line names an unknown volume is held by its marker and the known ones; only a
/// line that names no unit holds nothing, and becomes a problem.
[[nodiscard]] Holds read_holds(std::string_view services, std::string_view triggers,
                               const std::vector<Volume>& volumes);

/// The units that a services file names, by their whole names and in its order; held or not.
[[nodiscard]] std::vector<std::string> named_units(std::string_view services);

/// The drop-ins for these units and for their triggers. A trigger of several
/// held units gets the conditions of all. Units come after held mounts, but for those that a
/// mount's line in `fstab` (the text of that file) has it wait for.
[[nodiscard]] std::vector<DropIn> drop_ins(std::span<const HeldUnit> units,
                                           std::string_view fstab = {});

/// True for a unit that is part of a held one (`services`) and that nothing starts, as a cluster of
/// PostgreSQL which its owner starts by hand: no release starts it, and it is as it is to be.
[[nodiscard]] bool is_left_to_owner(const UnitState& unit, std::span<const Service> services);

/// The recorded triggers of those of the units that are `released`, each once.
[[nodiscard]] std::vector<std::string> recorded_triggers(std::span<const HeldUnit> units,
                                                         const std::vector<std::string>& released);

/// Takes the texts of a loaded unit's files in the order in which systemd read
/// them (fragment first). True when the marker's condition is in one of them
/// and no later line takes all conditions away.
[[nodiscard]] bool still_held(std::span<const std::string> files, const std::string& unit);

/// Takes the text of a services or triggers file; gives it with the line of
/// `unit` set to these words: replaced where it stands, else appended. All other
/// lines, comments among them, stay as they are.
[[nodiscard]] std::string with_line(std::string_view text, const std::string& unit,
                                    std::span<const std::string> words);

/// The same without the line of `unit`.
[[nodiscard]] std::string without_line(std::string_view text, const std::string& unit);

}  // namespace latchkey
