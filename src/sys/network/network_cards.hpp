// SPDX-License-Identifier: GPL-3.0-or-later
// The network cards of this machine: what the kernel of an image needs to drive them.
#pragma once

#include <string>
#include <vector>

#include "core/network/network.hpp"
#include "core/network/network_config.hpp"

namespace latchkey {

/// One card, as the running kernel has it.
struct NetworkCard {
  std::string link{};
  std::string driver{};  ///< its module; empty: part of the running kernel, or there is none
  /// The modules of its driver, of the chip behind it that drives the cable (PHY), of the
  /// buses that the two sit on, and of what these wait for.
  std::vector<std::string> modules{};
  std::string alias{};  ///< what any kernel finds a driver by; empty: not known

  bool operator==(const NetworkCard&) const = default;
};

/// The cards behind the links that are there now; none in a chroot without /sys.
[[nodiscard]] std::vector<NetworkCard> network_cards(const std::string& root);

/// The plans of early boot, one for each command line that is known; one at least.
[[nodiscard]] std::vector<NetworkPlan> known_plans(const std::string& root,
                                                   const NetworkConfig& config);

/// Those of the cards that early ssh is to be reached by, as the kernel's command line or
/// `[network]` has it: every wired one where these name none, or none that is there and
/// `fallback` is on.
[[nodiscard]] std::vector<NetworkCard> planned_cards(const std::string& root,
                                                     const NetworkConfig& config);

/// The names and aliases of all modules that the cards need, sorted, each once.
[[nodiscard]] std::vector<std::string> card_modules(const std::vector<NetworkCard>& cards);

}  // namespace latchkey
