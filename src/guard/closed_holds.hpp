// SPDX-License-Identifier: GPL-3.0-or-later
// What is closed now, for the guard of packages.
#pragma once

#include "core/hold/package_guard.hpp"
#include "latchkey/cli/program.hpp"

namespace latchkey {

/// The held units whose volumes are not up, and the mount points of closed volumes.
/// Never fails: of a configuration with errors it takes what can be read and warns of
/// the rest. A unit whose volumes nobody knows is closed until it is released.
[[nodiscard]] Closed find_closed(const Globals& globals);

}  // namespace latchkey
