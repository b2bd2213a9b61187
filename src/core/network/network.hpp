// SPDX-License-Identifier: GPL-3.0-or-later
// Early boot's network: what is to be done with which link. The calls of `ip` are in
// link_calls.hpp; unlock/doorkeeper.cpp makes them.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/network/address.hpp"
#include "core/network/ip_option.hpp"
#include "core/network/network_config.hpp"
#include "core/network/virtual_link.hpp"

namespace latchkey {

/// The words of a called program; the first is `ip`.
using Arguments = std::vector<std::string>;

/// A route: to a network, over a gateway or (none) directly on the link.
struct Route {
  Subnet to;
  std::optional<Address> via{};

  bool operator==(const Route&) const = default;
};

/// What a link is given, by a person or by a DHCP server.
struct LinkSetup {
  std::optional<unsigned> mtu{};
  std::vector<Subnet> addresses{};
  std::vector<Route> routes{};

  bool operator==(const LinkSetup&) const = default;
};

/// What is to be done with the links that match. Raising a link brings IPv6
/// addresses by router announcements with it: the kernel does that itself.
struct LinkPlan {
  LinkMatch match{};
  bool leave = false;  ///< not to be touched
  bool dhcp4 = false;
  std::string client_id{};  ///< by which DHCP is asked, in hexadecimal; empty: the MAC address
  LinkSetup fixed{};        ///< assigned to one link at a time, see holder()
  bool stands_in = false;  ///< `fixed` is that of a plan whose link was absent: see widen()

  bool operator==(const LinkPlan&) const = default;
};

struct NetworkPlan {
  std::vector<LinkPlan> links{};  ///< empty: the network is not ours
  /// What is to be made first, each after those it lies on. A plan for no link in
  /// particular is then for the topmost of these instead of every wired link.
  std::vector<VirtualLink> made{};
  bool by_ip_option = false;  ///< an ip= decided it, not [network]
  bool widened = false;       ///< every wired link is used all the same: see widen()
  std::string hostname{};     ///< for DHCP; may be empty
  bool fallback = true;
  /// What was wrong in the texts. The plan then does without it: a mistake must
  /// not cost the way in.
  std::vector<Error> problems{};
};

/// What is known of a link.
struct LinkFacts {
  int index = 0;
  std::string name;
  std::string mac{};
  std::string permanent_mac{};             ///< that the card was made with; empty: not known
  std::vector<std::string> other_names{};  ///< that udev would give it
  bool wired = false;                      ///< a real card with a cable
  bool wireless = false;                   ///< a card for WLAN, which early boot has not
  std::string master{};                    ///< the bond or bridge that it is part of
  bool up = false;
  bool carrier = false;
  bool no_card = false;    ///< a program made it, of cards or of none
  bool late_name = false;  ///< named by a file below /run; early boot has none of these
  bool drawn_mac = false;  ///< the card has no MAC address of its own: early boot draws another
};

/// Decides by the kernel's command line and `[network]`; one usable `ip=` is
/// enough to make the command line the only source; any `vlan=`, `bond=` or
/// `bridge=` keeps those of `[network]` out. `ip=off` and `ip=none` give an empty
/// plan. What is planned for a member of a bond or bridge is done with that
/// instead. `initramfs_ip` is the IP= of initramfs-tools' own configuration, which counts
/// as an ip= where the command line has none. An ip= for DHCP on no link in particular is for
/// the card of the command line's BOOTIF=, else for `initramfs_device`, the DEVICE= of that
/// configuration, where the command line makes no links. Never fails: see NetworkPlan::problems.
[[nodiscard]] NetworkPlan network_plan(std::string_view cmdline, const NetworkConfig& config,
                                       std::string_view initramfs_ip = {},
                                       std::string_view initramfs_device = {});

/// True when the command line has an ip=, be it empty.
[[nodiscard]] bool has_ip_option(std::string_view cmdline);

/// True when an ip= keeps early boot off every link, as ip=off does.
[[nodiscard]] bool turned_off(const NetworkPlan& plan);

/// The plan after waiting in vain: plans for links that are absent are tried on
/// every wired link too; a wireless card is as good as absent. What could not be made though its
/// members are there is given up, so that these are tried. Gives the texts of the links it gave up
/// waiting for.
std::vector<std::string> widen(NetworkPlan& plan, std::span<const LinkFacts> links);

/// The index of the plan for a link: one that names it comes before one for all
/// wired links. Nothing when no plan touches it; what is or becomes part of a bond
/// or bridge is never touched.
[[nodiscard]] std::optional<std::size_t> plan_for(const NetworkPlan& plan, const LinkFacts& link);

/// True when a link is to have a fixed IPv6 address.
[[nodiscard]] bool has_fixed_v6(const NetworkPlan& plan);

/// True when this link is what `match` means: by MAC address, its own or the one it has now, name,
/// or a name that udev would give it. What early boot made has the MAC address of what it lies on,
/// so it is only ever meant by its name.
[[nodiscard]] bool is_meant(const NetworkPlan& plan, const LinkMatch& match, const LinkFacts& link);

/// Takes the links that are there, by the index of their plan; gives those that may hold the
/// fixed addresses of one plan. Where one stands in for a plan whose link has come, only one of
/// the two: on two links an address is reached on neither. It is the plan that was meant, unless
/// only the other has a link with a carrier, or the one that was meant is wireless. What was made
/// as configured, and has a carrier, comes before the cards that stood in for it.
[[nodiscard]] std::vector<LinkFacts> able_to_hold(
    const NetworkPlan& plan, std::size_t index,
    const std::map<std::size_t, std::vector<LinkFacts>>& candidates);

/// Which of the links that share a plan holds its fixed addresses: the present
/// holder as long as it is as good as any other, else the first with a cable
/// in, else the only one. Gives the link's index, or 0 for none yet.
[[nodiscard]] int holder(std::span<const LinkFacts> candidates, int present);

/// The routes to everywhere over these gateways. One that no address of the
/// link has in its network gets a route of its own first.
[[nodiscard]] std::vector<Route> gateway_routes(std::span<const Subnet> addresses,
                                                std::span<const Address> gateways);

}  // namespace latchkey
