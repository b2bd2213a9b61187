// SPDX-License-Identifier: GPL-3.0-or-later
// How the running system reaches its network, as `[network]` for early boot.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/network/address.hpp"
#include "core/network/ip_json.hpp"
#include "core/network/network_config.hpp"

namespace latchkey {

/// By which client identifier the running system asked the DHCP server for a link's address.
struct HostLease {
  std::string link{};
  std::string client_id{};  ///< in hexadecimal; empty: another than the MAC address, not known
};

/// What `ip -j` printed; an empty text where it printed nothing.
struct IpTexts {
  std::string addresses{};  ///< `ip -j addr`
  std::string routes4{};    ///< `ip -j -4 route`
  std::string routes6{};    ///< `ip -j -6 route`
  std::string links{};      ///< `ip -j -d link`
  /// SSH_CONNECTION as sshd sets it; empty where nobody is logged in.
  std::string ssh_connection{};
  std::vector<std::string> wireless{};  ///< the links that need WLAN; early boot has none
  std::vector<HostLease> leases{};      ///< as far as they are known
  std::vector<std::string> lent{};      ///< IPv4 addresses of leases, as far as they are known
  std::vector<std::string> drawn{};     ///< the links without a MAC address of their own
  /// `ip -j route get CLIENT from SERVER` of the login: rules may have it answered by another
  /// table than the main one.
  std::string way_to_login{};
  std::string bridge_vlans{};  ///< `bridge -j vlan show`
};

struct HostNetwork {
  /// For `[network]`. Cards are named by their MAC addresses, which stay when udev or
  /// the kernel name them differently; one that has none of its own, by its name. Early boot names
  /// what it makes in its own way.
  NetworkConfig config{};
  std::string link{};                    ///< its name now; empty when there is none
  /// Under which early boot is reached, as far as one can tell, IPv4 first.
  std::vector<std::string> addresses{};
  /// What early boot will not do as the running system does.
  std::vector<Error> warnings{};
  /// Why nobody would reach early boot, however it is told to come up.
  std::optional<Error> out_of_reach{};
};

/// The rows of `ip -j -d link`. A wireless card has the kind `wireless`, as if it were made:
/// for early boot it is as useless as a tunnel. A card without a MAC address of its own has none:
/// that which it shows is the running system's.
[[nodiscard]] std::vector<Json> links_of(const IpTexts& texts);

/// What to tell where nothing but this wireless link has an address.
[[nodiscard]] Error no_wireless(const std::string& link);

/// What to tell where the only address of a link is lent by a DHCPv6 server.
[[nodiscard]] Error no_dhcp6(const std::string& link, const Subnet& address);

/// The lease of this link, as far as it is known; null otherwise.
[[nodiscard]] const HostLease* lease_of(const IpTexts& texts, const std::string& link);

/// Takes the interface that find_uplink() chooses. Its IPv4 address from a DHCP server means DHCP,
/// by the same client identifier;
/// else one lasting address of each family and its gateway are written down; so are a VLAN, bond
/// or bridge that it lies on. A link that early boot cannot make gives its lasting addresses to
/// what is in its place, with a warning. What cannot be told gives DHCP on every wired interface
/// and a warning; so does each route that is left out. Never fails.
[[nodiscard]] HostNetwork host_network(const IpTexts& texts);

}  // namespace latchkey
