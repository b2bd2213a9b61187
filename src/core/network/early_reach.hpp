// SPDX-License-Identifier: GPL-3.0-or-later
// Whether early boot is reached where the running system is.
#pragma once

#include <optional>

#include "core/base/finding.hpp"
#include "core/network/host_network.hpp"
#include "core/network/network.hpp"

namespace latchkey {

/// Takes the plan of early boot and what `ip` prints now; gives a finding when nobody would
/// reach early boot under an address that this machine has written down for itself: DHCP is
/// asked for it, it has other addresses, or the VLAN is missing. An error; a warning where
/// `meant`, since a DHCP server may well give the same one. Where it is reached now is the
/// link that init would take; where there is no telling, any card with an address.
/// An error, too, where the only address is lent by a DHCPv6 server, or the only link is
/// wireless. A warning where DHCP is asked by another client identifier, a bond or bridge gets
/// another MAC address than it has now, the gateway is missing, or a fixed address is of no network
/// that the machine has a lease of. Nothing for machines that have a DHCP lease otherwise, or no
/// addresses but those that a program moves.
[[nodiscard]] std::optional<Finding> out_of_reach(const NetworkPlan& plan, const IpTexts& texts,
                                                  bool meant);

}  // namespace latchkey
