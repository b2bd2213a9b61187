// SPDX-License-Identifier: GPL-3.0-or-later
// The addresses of a running link, and which of them early boot may have.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/network/address.hpp"
#include "core/network/ip_json.hpp"

namespace latchkey {

struct HostAddress {
  Subnet subnet;
  bool lasting = false;    ///< written down by a person, not lent or made up
  bool secondary = false;  ///< beside another one of its subnet
  bool foreign = false;    ///< given by a program that moves it, as keepalived does

  /// From a DHCPv4 server.
  [[nodiscard]] bool lent() const { return !lasting && !subnet.address.v6; }
  /// Written down for this machine, and no other.
  [[nodiscard]] bool own() const { return lasting && !foreign; }
};

/// Takes one object of `ip -j addr`; gives what is reached from elsewhere, IPv4 first.
[[nodiscard]] std::vector<HostAddress> addresses_of(const Json& link);

/// Of the lasting addresses of each family all but one: an address that floats between
/// machines would be there twice. The one that stays is no secondary, foreign or single
/// (/32 or /128) one where there is another, and has one of `gateways` in its subnet.
/// None of IPv4 stays beside one from a DHCP server, and no foreign or single one of IPv6
/// beside one that the network gives.
[[nodiscard]] std::vector<HostAddress> to_leave_out(std::span<const HostAddress> addresses,
                                                    std::span<const Address> gateways);

/// The first address from a DHCPv6 server (it has no subnet around it), where there is nothing
/// but such: early boot asks no server of that kind.
[[nodiscard]] std::optional<Subnet> by_dhcp6_alone(std::span<const HostAddress> addresses);

/// The address that a kernel makes of an announced network of 64 bits and a card's MAC address,
/// when nothing tells it otherwise. Nothing where either is not of that kind.
[[nodiscard]] std::optional<Address> announced_to(const HostAddress& address, std::string_view mac);

}  // namespace latchkey
