// SPDX-License-Identifier: GPL-3.0-or-later
// core/hold/unit_order.hpp with the answers of systemd.
#pragma once

#include <string>
#include <vector>

namespace latchkey {

/// The names of all units that any of these is ordered before; none when systemd does not
/// answer.
[[nodiscard]] std::vector<std::string> ordered_before(const std::vector<std::string>& units);

/// Takes what `systemctl show --property=Before` printed for some units; gives all names.
[[nodiscard]] std::vector<std::string> parse_before(const std::string& text);

}  // namespace latchkey
