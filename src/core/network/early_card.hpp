// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the cards that early boot is told to use are there.
#pragma once

#include <span>

#include "core/base/finding.hpp"
#include "core/network/network.hpp"

namespace latchkey {

/// Takes the plan of early boot and the links that there are now; gives a finding for each link
/// that the plan names and early boot would not find: no card has the name, nor was made with the
/// MAC address, it is a wireless one, or no card but what the running system makes. An error where
/// early boot then waits for it for ever (`fallback = false`), and for a wireless card; else, and
/// for a part of a bond or bridge, a warning. A warning, too, for a name that a file below /run
/// gives. Nothing where no link at all is known.
[[nodiscard]] Findings missing_cards(const NetworkPlan& plan, std::span<const LinkFacts> links);

}  // namespace latchkey
