// SPDX-License-Identifier: GPL-3.0-or-later
// Holding on sysvinit. Our guard in /lib/lsb/init-functions.d reads the services file
// itself, so a script that reads init-functions is held by its line there. For any
// other one the links that start it at boot are put out of action.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sys/hold/init_scripts.hpp"

namespace latchkey {

/// The script of a unit. Fails with Code::missing and the nearest name.
[[nodiscard]] Result<InitScript> script_to_hold(const Paths& paths, const std::string& unit);

/// Disables the script of a held unit where the guard does not reach it; gives then
/// what its owner should know. Fails as disable_links.
[[nodiscard]] Result<std::optional<Error>> hold_script(const Paths& paths, const std::string& unit,
                                                       const InitScript& script);

/// What is wrong with the hold of a unit's script, or only partly right (Code::partial):
/// one that can be started by hand. Nothing when all is well.
[[nodiscard]] std::optional<Error> fault_of_hold(const Paths& paths, const std::string& unit);

/// Disables again every script that the services file says is held and that starts at boot
/// all the same; tells of each, and what failed. Does nothing on a machine without sysvinit.
/// Gives the exit status.
[[nodiscard]] int hold_all_scripts(const Paths& paths, const Setup& setup);

/// Puts back all links that holds had put out of action; tells what failed.
void restore_all_links(const Paths& paths);

}  // namespace latchkey
