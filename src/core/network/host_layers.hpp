// SPDX-License-Identifier: GPL-3.0-or-later
// What a link of the running system is made of, and what early boot can make of it.
#pragma once

#include <string>
#include <vector>

#include "core/network/ip_json.hpp"
#include "core/network/network_config.hpp"

namespace latchkey {

/// True for a kind of link that may be the machine's way out: a card, or what is made of cards.
/// All others lead to guests, or through a tunnel.
[[nodiscard]] bool lies_on_cards(const std::string& kind);

/// The one of this name among the rows of `ip -j link` or `addr`; null when there is none.
[[nodiscard]] const Json* link_named(const std::vector<Json>& rows, const std::string& name);

/// What a link lies on: the card of a VLAN, the members of a bond or bridge.
[[nodiscard]] std::vector<std::string> links_below(const std::vector<Json>& links,
                                                   const Json& link);

/// `vlan`, `bond`, `wireguard` …; empty for a card.
[[nodiscard]] std::string kind_of(const Json& link);

/// Says of a link that it has no MAC address of its own: the one that it shows is taken away.
void set_drawn_mac(Json& link);

/// True when that was said of the link.
[[nodiscard]] bool has_drawn_mac(const Json& link);

/// The MAC address that a card was made with: as part of a bond it may show another. Empty
/// when it has none of its own.
[[nodiscard]] std::string card_mac(const Json& link);

/// Writes what a link is made of into the configuration, from the top to the cards. False
/// when [network] cannot say it; `out` is then not to be used.
[[nodiscard]] bool describe_layers(const std::vector<Json>& links, const Json& link,
                                   NetworkConfig& out);

/// What early boot can give a lasting address instead of a link that it cannot make: the card
/// below a macvlan or its like, which is written into `out`, or any wired interface, in the place
/// of a team, a bridge or a switch; `out` then stays as it is. Gives it for messages; empty
/// where an address would not be reached without the link itself, as with a VLAN.
[[nodiscard]] std::string stand_in(const std::vector<Json>& links, const Json& link,
                                   NetworkConfig& out);

/// True when early boot can raise the link of this name, or make it.
[[nodiscard]] bool can_make(const std::vector<Json>& links, const std::string& name);

}  // namespace latchkey
