// SPDX-License-Identifier: GPL-3.0-or-later
// Holding a unit, as `hold` does it and as `create-volume --hold` does.
#pragma once

#include <string>
#include <vector>

#include "latchkey/cli/command.hpp"

namespace latchkey {

/// Fails as hold_unit would, before anything is changed: Code::missing with the
/// nearest name, Code::usage, Code::refused where neither systemd nor sysvinit runs.
[[nodiscard]] Result<> can_hold(const Paths& paths, const std::string& unit);

/// What becomes of a unit that runs while volumes that it needs are not mounted.
enum class Running {
  stops,  ///< it would write beside its data
  stays   ///< whoever started it knows; it may be restarted until the next boot
};

/// What becomes of the volumes that a unit is held for already.
enum class Needs {
  only,  ///< it waits for those that are named now, and for nothing else
  also   ///< it waits for both
};

/// Holds a unit until these volumes are mounted (none named: those it is held for, or all), tells
/// what it held and why. A unit that runs and whose volumes are mounted goes on running.
/// Gives the exit status; failures have been told, and as one what Running::stays has left.
[[nodiscard]] int hold_unit(const Globals& globals, const std::string& unit,
                            const std::vector<std::string>& needs, Running running = Running::stops,
                            Needs how = Needs::only);

/// Takes a volume out of the lines of all units that are held for it by its name. One that was
/// held for it alone is held no more, which is told.
[[nodiscard]] Result<> let_go_of_volume(const Globals& globals, const std::string& volume);

}  // namespace latchkey
