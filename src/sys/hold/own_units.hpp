// SPDX-License-Identifier: GPL-3.0-or-later
// The units of systemd that no package brought, but the machine's owner.
#pragma once

#include <string>
#include <vector>

#include "core/units/unit_file.hpp"

namespace latchkey {

/// A unit that something links to, so that it starts without anybody's doing.
struct EnabledUnit {
  std::string name{};
  std::vector<std::string> by{};  ///< `multi-user.target.wants`, `local-fs.target.requires`, …
};

/// What the owner wrote of a unit.
struct OwnUnit {
  std::vector<std::string> files{};     ///< the unit's file first, then drop-ins
  std::vector<UnitSetting> settings{};  ///< of all of them, in the order in which they count
};

/// The units that links in /etc/systemd/system and /usr/local/lib/systemd/system name, each
/// once and by name, instances by their own; without those that are masked. `root` is a
/// prefix for tests.
[[nodiscard]] std::vector<EnabledUnit> enabled_units(const std::string& root);

/// The names of the units that have a file in those directories, each once.
[[nodiscard]] std::vector<std::string> own_unit_names(const std::string& root);

/// The owner's files of a unit, or of its template: those in the same directories. Without
/// any, what is given is empty: it is a package's alone.
[[nodiscard]] OwnUnit own_unit(const std::string& root, const std::string& name);

/// The same, with the file of a package where the owner has none in its place, and with the
/// drop-ins of generators, which speak for configuration of other kinds.
[[nodiscard]] OwnUnit whole_unit(const std::string& root, const std::string& name);

}  // namespace latchkey
