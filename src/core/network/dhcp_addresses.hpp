// SPDX-License-Identifier: GPL-3.0-or-later
// Which addresses of the running system come from a DHCP server. To the kernel, one whose lease
// never ends looks like one that a person wrote down.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/network/host_network.hpp"
#include "core/network/ip_json.hpp"

namespace latchkey {

/// The rows of `ip -j addr`. An IPv4 address that a lease holds, or that goes with a route from
/// a DHCP server, is marked `dynamic`, however long it is lent. Never fails.
[[nodiscard]] std::vector<Json> address_rows(const IpTexts& texts);

/// Takes dhclient.leases(5), what it wrote for one link; gives the address of the last lease.
[[nodiscard]] std::optional<std::string> last_leased(std::string_view leases);

}  // namespace latchkey
