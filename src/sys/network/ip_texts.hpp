// SPDX-License-Identifier: GPL-3.0-or-later
// Asking `ip` about the running system.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/network/host_network.hpp"

namespace latchkey {

struct LinkFacts;

/// By which client identifiers the addresses of these links were asked for, where that is another
/// than the MAC address: by systemd-networkd, by ifupdown's dhclient, by dhcpcd; empty where a
/// client names itself in a way that is not known. Files are read below `root`. Never fails.
[[nodiscard]] std::vector<HostLease> read_leases(const std::string& root,
                                                 const std::vector<LinkFacts>& links);

/// The IPv4 addresses that leases of systemd-networkd and dhclient, as ifupdown starts it, hold on
/// these links. Other clients of Debian mark their routes. Files are read below `root`. Never
/// fails.
[[nodiscard]] std::vector<std::string> read_lent(const std::string& root,
                                                 const std::vector<LinkFacts>& links);

/// What `ip` prints of the running system's network. Never fails: what cannot be asked is
/// an empty text.
[[nodiscard]] IpTexts read_ip();

/// Why these texts say nothing of the network: `ip` is missing, or fails. Nothing where they do,
/// since every system has a loopback interface at least.
[[nodiscard]] std::optional<Error> ip_is_silent(const IpTexts& texts);

}  // namespace latchkey
