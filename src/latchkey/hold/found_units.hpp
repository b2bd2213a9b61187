// SPDX-License-Identifier: GPL-3.0-or-later
// What a name that somebody typed to have it held stands for.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// A unit to be held: its own name, and why it is held.
struct FoundUnit {
  std::string unit;
  std::vector<std::string> triggers{};    ///< sockets, paths and timers that start it
  std::string why{};                      ///< for people; empty: it is what was typed
  std::vector<std::string> dependants{};  ///< services that require it
  std::string idle{};  ///< why nothing but a release starts it; empty: something does
};

/// The unit that is meant, under its own name, and the services that are part of it; on
/// sysvinit its script. Fails with Code::missing (no such unit, with the nearest name),
/// Code::usage (no name of a unit), Code::refused (nobody would get in, the boot itself needs
/// it, or neither systemd nor sysvinit runs).
[[nodiscard]] Result<std::vector<FoundUnit>> find_units_to_hold(const Paths& paths,
                                                                const std::string& typed);

}  // namespace latchkey
