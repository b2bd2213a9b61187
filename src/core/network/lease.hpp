// SPDX-License-Identifier: GPL-3.0-or-later
// What a DHCP server offered, as udhcpc hands it to its script. Whoever is on
// the network can be that server: texts are read as addresses and numbers, and
// nothing else of them goes anywhere.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/network/network.hpp"

namespace latchkey {

/// Most routes taken from one lease.
inline constexpr std::size_t lease_route_limit = 16;

struct Lease {
  std::string link;
  LinkSetup setup;
  unsigned long seconds = 0;  ///< how long it is valid; 0: not said
  /// Names of the fields that were not usable and are left out.
  std::vector<std::string> left_out{};
};

/// Takes a look-up in the environment of udhcpc's script (an absent variable is
/// an empty text). Interface, address and netmask must be right, or it fails
/// with Code::damaged; its words hold nothing that the server said. A wrong
/// router, route or MTU is left out: an address without it may still be
/// reachable, no address never is.
[[nodiscard]] Result<Lease> parse_lease(
    const std::function<std::string(const std::string&)>& variable);

/// For a link that has IPv6: leaves an MTU out that is too small for it. The kernel would take
/// every IPv6 address off the link, and lock out whoever comes by one.
void keep_ipv6(Lease& lease);

}  // namespace latchkey
