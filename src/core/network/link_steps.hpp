// SPDX-License-Identifier: GPL-3.0-or-later
// How the links of NetworkPlan::made come about, step by step, from what is there.
// Done in unlock/link_maker.cpp.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/network/network.hpp"

namespace latchkey {

struct LinkStep {
  /// `raise`: a link that something lies on is down. `create`: the first link that
  /// it lies on is there. `join`: a member is there that is not part of it yet.
  enum class Kind { raise, create, join };
  Kind kind = Kind::raise;
  VirtualLink made{};
  LinkFacts member{};  ///< the link to raise, to lie on, to take in
  bool first = false;  ///< of a join: nothing is part of it yet
};

/// What can be done now. Each step shows in the links when it is done, so this is
/// asked again until it gives nothing. A link of a planned name that is not `ours`
/// is used as it is, and takes in nobody.
[[nodiscard]] std::vector<LinkStep> link_steps(const NetworkPlan& plan,
                                               std::span<const LinkFacts> links,
                                               const std::set<std::string>& ours);

/// The words for `modprobe` before a link of this kind can be made. The bonding
/// module would make a bond0 of its own.
[[nodiscard]] std::vector<std::string> module_words(VirtualLink::Kind kind);

/// The kernel modules without which none of these can be made, each once.
[[nodiscard]] std::vector<std::string> link_modules(std::span<const VirtualLink> made);

/// The call that makes the link. A bond or bridge gets the MAC address that it is to have, or
/// its first member's: it is what a DHCP server knows, and udev leaves it alone.
[[nodiscard]] Arguments create_command(const VirtualLink& made, const LinkFacts& member);

/// The calls that make `member` part of a bond or bridge. A bond takes in only
/// what is down, and raises it itself; a bridge's ports are raised here.
[[nodiscard]] std::vector<Arguments> join_commands(const VirtualLink& made, const LinkFacts& member);

/// The call that removes a link; what was part of it is free then.
[[nodiscard]] Arguments delete_command(const std::string& link);

}  // namespace latchkey
