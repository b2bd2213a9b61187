// SPDX-License-Identifier: GPL-3.0-or-later
// The units without which nobody gets into the machine: they are never held.
#pragma once

#include <string_view>

#include "core/base/result.hpp"

namespace latchkey {

/// Takes a unit's whole name, an instance's also. True for the servers of ssh, for what
/// brings up the network and logs people in, for what every boot passes through, and for our
/// own: a boot without the data would end with a machine that nobody reaches.
[[nodiscard]] bool is_way_in(std::string_view unit);

/// Why such a unit cannot be held, and what to do instead.
[[nodiscard]] Error way_in_error(std::string_view unit);

}  // namespace latchkey
