// SPDX-License-Identifier: GPL-3.0-or-later
// The routes of the running system, and the link over which somebody is logged in.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/network/address.hpp"
#include "core/network/ip_json.hpp"

namespace latchkey {

struct HostRoute {
  Subnet to;  ///< prefix 0: everywhere
  std::string link{};
  std::string gateway{};  ///< empty: directly on the link
  std::uint64_t metric = 0;
  std::string protocol{};  ///< who made it; empty: a person or a script
  /// The gateway where it is of IPv6 and the route of IPv4; `gateway` is then empty.
  std::string other_gateway{};
  std::string source{};  ///< the machine's address that goes with it; empty: not said

  /// For messages: `10.0.0.0/8 via 192.0.2.9 over 'eth1'`.
  [[nodiscard]] std::string text() const;
};

/// Reads `ip -j -4 route` or `ip -j -6 route`. Of several ways at once the first is taken:
/// it is as good as any.
[[nodiscard]] std::vector<HostRoute> host_routes(std::string_view text, bool v6);

/// The default route with the lowest metric; `link`: only one over it.
[[nodiscard]] std::optional<HostRoute> default_route(std::span<const HostRoute> routes,
                                                     const std::string& link = {});

/// How the link leads to an address: its narrowest route there.
[[nodiscard]] std::optional<HostRoute> way_over(std::span<const HostRoute> routes,
                                                const std::string& link, const Address& to);

/// True for a route that somebody set up, besides those that come with an address, a
/// router or a routing daemon.
[[nodiscard]] bool set_up(const HostRoute& route);

/// The two ends of an ssh connection.
struct LoginEnds {
  Address client;
  Address server;      ///< the address of this machine that was called
  std::string zone{};  ///< the link of that address, where it says so
};

/// Takes SSH_CONNECTION; nothing where it is of another form.
[[nodiscard]] std::optional<LoginEnds> login_ends(std::string_view ssh_connection);

struct Login {
  Address client;
  std::string link{};  ///< the one with the address that the client called
};

/// Takes SSH_CONNECTION and `ip -j addr`; nothing where they do not tell.
[[nodiscard]] std::optional<Login> login_over(std::string_view ssh_connection,
                                              std::span<const Json> links);

}  // namespace latchkey
