// SPDX-License-Identifier: GPL-3.0-or-later
// Over which link of the running system early boot is to be reached.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/network/host_network.hpp"
#include "core/network/host_routes.hpp"

namespace latchkey {

struct Uplink {
  std::string link{};                ///< empty: there is no telling
  std::optional<HostRoute> v4{};     ///< the way to everywhere that early boot is to have
  std::optional<HostRoute> v6{};     ///< the same for IPv6
  std::vector<HostRoute> routes4{};  ///< all that there are
  std::vector<HostRoute> routes6{};  ///< all that there are
  std::vector<Error> warnings{};     ///< why it is another link than that of the default route
};

/// Takes the link of the default route with the lowest metric, IPv4 before IPv6, or another
/// one over which somebody is logged in by ssh and answered, with the gateway to where they are.
/// Where there is no such route, or a tunnel has it, the next one over a link that early boot can
/// make, or the only such link with a lasting address. Never fails.
[[nodiscard]] Uplink find_uplink(const IpTexts& texts);

/// True for a link that early boot has nothing to do with: a tunnel, which lies on no card, or a
/// wireless card. `links` is what links_of() gave.
[[nodiscard]] bool leads_nowhere(const std::vector<Json>& links, const std::string& link);

/// The links that early boot can make with an address that was written down for this machine.
[[nodiscard]] std::vector<std::string> links_of_its_own(const IpTexts& texts);

}  // namespace latchkey
