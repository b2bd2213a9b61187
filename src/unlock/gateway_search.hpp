// SPDX-License-Identifier: GPL-3.0-or-later
// On which of several cards the gateway answers: a fixed address that no card was named for
// belongs there, and not on the first one with a cable in.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "core/network/network.hpp"
#include "unlock/child.hpp"

namespace latchkey {

class GatewaySearch {
 public:
  using Clock = std::chrono::steady_clock;

  /// Asks for the gateway, an IPv4 address, on each of the links that has a carrier, every ten
  /// seconds until it answers on one. Gives the indexes of those where it did and that still have
  /// their carrier. To be called after each SIGCHLD and when due() comes.
  const std::set<int>& serve(std::span<const LinkFacts> links, const Address& gateway);

  /// When serve() has something to do, unless a link or a child wakes before.
  [[nodiscard]] std::optional<Clock::time_point> due() const;

 private:
  std::map<int, Child> asking_{};  // by the index of the link
  std::set<int> heard_{};
  Clock::time_point next_{};
};

}  // namespace latchkey
