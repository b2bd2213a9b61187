// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/host_network.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include "core/base/lists.hpp"
#include "core/base/text.hpp"
#include "core/network/address.hpp"
#include "core/network/client_id.hpp"
#include "core/network/dhcp_addresses.hpp"
#include "core/network/host_addresses.hpp"
#include "core/network/host_layers.hpp"
#include "core/network/uplink.hpp"

namespace latchkey {
namespace {

// What the kernel calls it, as part of a sentence; it is not empty.
std::string article(const std::string& kind) {
  if (kind == "vlan") return "a VLAN";
  if (kind == "wireless") return "a wireless card";
  const bool vowel = std::string_view("aeiou").find(kind.front()) != std::string_view::npos;
  return (vowel ? "an " : "a ") + printable(kind);
}

const std::string tries_dhcp = "early boot will try DHCP on every wired interface";

// Where a network lets only what goes to the gateway through, a route leads to the others of the
// subnet by it: without that subnet early boot does the same.
Subnet as_reached(const Subnet& subnet, const Uplink& ways, const std::string& link) {
  const auto& way = subnet.address.v6 ? ways.v6 : ways.v4;
  if (!way || way->link != link || way->protocol == "ra" || way->gateway.empty()) return subnet;
  for (const auto* routes : {&ways.routes4, &ways.routes6})
    for (const HostRoute& route : *routes)
      if (route.link == link && route.gateway == way->gateway && set_up(route) &&
          route.to.network() == subnet.network())
        return {subnet.address, subnet.address.bits()};
  return subnet;
}

void lasting_setup(HostNetwork& out, const std::vector<HostAddress>& addresses,
                   const Uplink& ways) {
  for (const HostAddress& address : addresses)
    if (address.lasting)
      out.config.address.push_back(as_reached(address.subnet, ways, out.link).text());
  const auto has = [&](bool six) {
    return std::ranges::any_of(
        addresses, [six](const HostAddress& a) { return a.lasting && a.subnet.address.v6 == six; });
  };
  const auto gateway = [&](const std::optional<HostRoute>& route) {
    if (!route || route->link != out.link || route->protocol == "ra") return;
    if (route->gateway.empty()) {
      out.warnings.push_back(
          {Code::partial,
           "the default route over '" + printable(out.link) + "' has " +
               (route->other_gateway.empty()
                    ? "no gateway"
                    : "the IPv6 gateway " + printable(route->other_gateway) + " for IPv4"),
           "early boot can be reached from its own subnet only",
           "if there is a gateway, name it in [network] of /etc/latchkey/latchkey.conf"});
      return;
    }
    const auto address = parse_address(route->gateway);
    if (address && address->host()) out.config.gateway.push_back(address->text());
  };
  if (has(false)) gateway(ways.v4);
  if (has(true)) gateway(ways.v6);
}

// Takes those out that early boot is not to have, and gives their texts.
std::vector<std::string> leave_out(std::vector<HostAddress>& addresses, const HostNetwork& out,
                                   const Uplink& ways) {
  std::vector<Address> gateways;
  for (const auto& way : {ways.v4, ways.v6})
    if (const auto gateway =
            way && way->link == out.link ? parse_address(way->gateway) : std::nullopt)
      gateways.push_back(*gateway);
  std::vector<std::string> texts;
  for (const HostAddress& left : to_leave_out(addresses, gateways)) {
    texts.push_back(left.subnet.text());
    std::erase_if(addresses, [&](const HostAddress& a) { return a.subnet == left.subnet; });
  }
  return texts;
}

// A server may go by the identifier that it is told, and not by the MAC address.
void same_client(HostNetwork& out, const IpTexts& texts, const Json& link) {
  const HostLease* const lease = lease_of(texts, out.link);
  if (lease == nullptr || lease->client_id == usual_client_id(card_mac(link))) return;
  out.config.client_id = lease->client_id;
  if (lease->client_id.empty())
    out.warnings.push_back(
        {Code::partial,
         "early boot may get another address than '" + printable(out.link) + "' has now",
         "the DHCP client of the running system tells the server an identifier of its own",
         "let the server go by the MAC address, or write client_id into [network] of "
         "/etc/latchkey/latchkey.conf"});
}

// A MAC address that the running system gave its card is none that early boot finds.
void tell_changed_mac(HostNetwork& out, const Json& link, const std::string& early) {
  const auto now = parse_mac(text_of(link, "address"));
  if (!now || early.empty() || *now == early) return;
  if (out.config.method == NetworkConfig::Method::dhcp)
    out.warnings.push_back(
        {Code::partial,
         "early boot may get another address than '" + printable(out.link) + "' has now",
         "it asks the DHCP server with the card's own MAC address " + early +
             ", the running system with " + *now,
         "let the server know both, or write a fixed address into [network] of "
         "/etc/latchkey/latchkey.conf"});
  else
    out.warnings.push_back({Code::partial,
                            "early boot has the card's own MAC address " + early + " where '" +
                                printable(out.link) + "' has " + *now,
                            "a switch or provider that goes by it may let nothing through",
                            "let them know both"});
}

// Early boot draws a MAC address for a card that has none, a new one each time.
// Of a lease that is known, same_client() says it.
void tell_drawn_mac(HostNetwork& out, const IpTexts& texts, const Json& link) {
  if (!has_drawn_mac(link) || lease_of(texts, out.link) != nullptr) return;
  out.warnings.push_back(
      {Code::partial,
       "early boot may get another address than '" + printable(out.link) + "' has now",
       "the card has no MAC address of its own, and asks the DHCP server with a new one each time",
       "write client_id or a fixed address into [network] of /etc/latchkey/latchkey.conf"});
}

// The MAC address that the link shows in early boot, as far as it is known.
std::string early_mac(const NetworkConfig& config) {
  if (!config.mac.empty()) return config.mac;
  for (const auto& cards : {std::vector{config.interface}, config.bond, config.bridge})
    for (const std::string& card : cards)
      if (const auto mac = parse_mac(card)) return *mac;
  return "";
}

// A bond or bridge may have a MAC address that is none of its cards', as udev gives it one: a
// DHCP server or a switch knows that one.
void same_mac(HostNetwork& out, const Json& link) {
  const std::string kind = kind_of(link);
  if (kind != "vlan" && kind != "bond" && kind != "bridge" && kind != "team") return;
  if (out.config.bond.empty() && out.config.bridge.empty()) return;
  const auto now = parse_mac(text_of(link, "address"));
  if (now && *now != early_mac(out.config)) out.config.mac = *now;
}

// The running system may make its announced addresses of a secret; early boot has those of the
// MAC address, and is looked for where init says.
void as_announced(HostNetwork& out, const std::vector<HostAddress>& addresses) {
  const std::string mac = early_mac(out.config);
  std::vector<std::string> texts;
  for (const HostAddress& address : addresses)
    add_once(texts, announced_to(address, mac).value_or(address.subnet.address).text());
  const bool others = std::ranges::none_of(addresses, [&](const HostAddress& a) {
    return a.lasting || !a.subnet.address.v6 ||
           std::ranges::find(texts, a.subnet.address.text()) != texts.end();
  });
  const std::string now = join(out.addresses, ", ");
  out.addresses = texts;
  if (others && !texts.empty())
    out.warnings.push_back(
        {Code::partial, "early boot will be reached at " + join(texts, ", ") + ", not at " + now,
         "it has the IPv6 address of the card's MAC address; the running system makes its own",
         "write a fixed address into [network] of /etc/latchkey/latchkey.conf if that is no use"});
}

// Routes that a person set up on cards, or what is made of cards; those of guests and
// tunnels lead nowhere in early boot.
void tell_left_out(HostNetwork& out, const Uplink& ways, const std::vector<Json>& links) {
  constexpr std::size_t most = 8;
  std::vector<HostRoute> left;
  for (const auto* routes : {&ways.routes4, &ways.routes6})
    for (const HostRoute& route : *routes) {
      const auto& way = route.to.address.v6 ? ways.v6 : ways.v4;
      const Json* const link = link_named(links, route.link);
      const std::string kind = link == nullptr ? "" : kind_of(*link);
      const bool here = route.link == out.link;
      const bool lent =
          route.protocol == "dhcp" && out.config.method == NetworkConfig::Method::dhcp;
      if (route.to.prefix == 0 || !set_up(route) || route.link == "lo" || (here && lent)) continue;
      if (!kind.empty() && kind != "vlan" && kind != "bond" && kind != "bridge") continue;
      // The gateway's own route comes with it, and what lies behind it is reached anyway.
      if (here && way && (way->gateway == route.gateway || way->gateway == route.to.address.text()))
        continue;
      left.push_back(route);
    }
  for (std::size_t i = 0; i < left.size() && i < most; ++i)
    out.warnings.push_back({Code::partial,
                            "early boot will not have the route to " + left[i].text(),
                            "[network] has one way to everywhere alone",
                            "see that nobody who unlocks comes from there"});
  if (left.size() > most)
    out.warnings.push_back(
        {Code::partial,
         "early boot will not have " + std::to_string(left.size() - most) + " more routes",
         "[network] has one way to everywhere alone", "see: ip route"});
}

// How early boot makes a link that is no plain card: its layers or, where they cannot be made and
// `movable` (all addresses are its owner's), a card that gets the addresses in its place. Nothing
// where neither can be; why is among the warnings.
std::optional<NetworkConfig> layers_for(HostNetwork& out, const std::vector<Json>& links,
                                        const Json& link, bool movable) {
  NetworkConfig layers;
  if (describe_layers(links, link, layers)) return layers;
  if (kind_of(link) == "wireless") {
    out.warnings.push_back(no_wireless(out.link));
    return {};
  }
  layers = {};
  const std::string instead = movable ? stand_in(links, link, layers) : "";
  const auto below = links_below(links, link);
  out.warnings.push_back(
      {Code::partial,
       "the network is reached over '" + printable(out.link) + "', " + article(kind_of(link)) +
           (below.empty() ? "" : " over '" + join(below, "', '") + "'"),
       "early boot cannot make this one; " +
           (instead.empty() ? tries_dhcp : "it will have the address on " + instead + " instead"),
       "if that does not reach it, write into [network] of /etc/latchkey/latchkey.conf how a "
       "plain interface does"});
  return instead.empty() ? std::nullopt : std::optional(layers);
}

// Takes the card's MAC address, empty where it has none.
void name_card(HostNetwork& out, const std::string& mac) {
  if (!mac.empty() || valid_link_name(out.link)) {
    out.config.interface = mac.empty() ? out.link : mac;
    return;
  }
  // The kernel allows names that [network] does not.
  out.warnings.push_back({Code::partial,
                          "the interface '" + printable(out.link) + "' has no MAC address",
                          "its name cannot stand in latchkey.conf; early boot will use every "
                          "wired interface",
                          "if that is wrong, write [network] in /etc/latchkey/latchkey.conf"});
}

void tell_floating(HostNetwork& out, const std::vector<std::string>& floating) {
  if (floating.empty()) return;
  out.warnings.push_back(
      {Code::partial,
       "early boot will not have " + join(floating, ", ") + " of '" + printable(out.link) + "'",
       "an address that floats between machines must not be there twice, and one is enough to "
       "be reached",
       "one that is this machine's alone may be added to address in [network] of "
       "/etc/latchkey/latchkey.conf"});
}

void same_mtu(HostNetwork& out, const Json& link, bool stacked) {
  // What is made lies on cards that have no more than the usual.
  const std::uint64_t most = stacked ? 1499 : 65535;
  const auto mtu = number_of(link, "mtu");
  if (mtu >= 576 && mtu <= most && mtu != 1500) out.config.mtu = static_cast<unsigned>(mtu);
}

}  // namespace

Error no_wireless(const std::string& link) {
  return {Code::refused,
          "this machine is reached over '" + printable(link) +
              "' alone, a wireless card: nobody reaches early ssh",
          "early boot has no WLAN; it tries DHCP on every wired interface",
          "plug a cable in, or unlock at the console"};
}

Error no_dhcp6(const std::string& link, const Subnet& address) {
  return {Code::refused,
          "early boot has no address: the only one of '" + printable(link) + "', " +
              address.address.text() + ", is from a DHCPv6 server",
          "early boot asks no such server, and nobody reaches early ssh",
          "write it as a fixed one into [network] of latchkey.conf: method = \"static\", address = "
          "\"" +
              address.text() + "\" (see latchkey.conf(5)); then: update-initramfs -u -k all"};
}

std::vector<Json> links_of(const IpTexts& texts) {
  std::vector<Json> out = rows_of(texts.links);
  const auto among = [](const std::vector<std::string>& names, const Json& link) {
    return std::ranges::find(names, text_of(link, "ifname")) != names.end();
  };
  const std::vector<Json> ports = rows_of(texts.bridge_vlans);
  for (Json& link : out) {
    const Json* const port = link_named(ports, text_of(link, "ifname"));
    if (port != nullptr && port->contains("vlans")) link["bridge_vlans"] = port->at("vlans");
    if (among(texts.wireless, link)) link["linkinfo"] = Json{{"info_kind", "wireless"}};
    if (among(texts.drawn, link)) set_drawn_mac(link);
  }
  return out;
}

const HostLease* lease_of(const IpTexts& texts, const std::string& link) {
  const auto found = std::ranges::find(texts.leases, link, &HostLease::link);
  return found == texts.leases.end() ? nullptr : &*found;
}

HostNetwork host_network(const IpTexts& texts) {
  HostNetwork out;
  const std::vector<Json> links = links_of(texts);
  const std::vector<Json> with_addresses = address_rows(texts);
  const Uplink ways = find_uplink(texts);
  out.link = ways.link;
  out.warnings = ways.warnings;
  if (out.link.empty()) {
    out.warnings.push_back({Code::partial, "this machine has no default route now", tries_dhcp,
                            "if that is wrong, write [network] in /etc/latchkey/latchkey.conf"});
    return out;
  }
  std::vector<HostAddress> addresses;
  const Json* const link = link_named(links, out.link);
  if (const Json* const row = link_named(with_addresses, out.link)) addresses = addresses_of(*row);
  const auto floating = leave_out(addresses, out, ways);
  for (const HostAddress& address : addresses)
    out.addresses.push_back(address.subnet.address.text());

  const bool lent = std::ranges::any_of(addresses, &HostAddress::lent);
  const bool lasting = std::ranges::any_of(addresses, &HostAddress::lasting);
  const bool stacked = link != nullptr && !kind_of(*link).empty();
  if (stacked) {
    const auto layers = layers_for(out, links, *link, lasting && !lent);
    if (!layers) return out;
    out.config = *layers;
    same_mac(out, *link);
  } else {
    name_card(out, link != nullptr ? card_mac(*link) : "");
  }
  // DHCP for IPv4 goes together with lasting IPv6 addresses. Only announced ones: DHCP
  // does no harm beside them.
  out.config.method = lent || !lasting ? NetworkConfig::Method::dhcp : NetworkConfig::Method::fixed;
  if (const auto six = by_dhcp6_alone(addresses)) out.out_of_reach = no_dhcp6(out.link, *six);
  if (lent && link != nullptr) same_client(out, texts, *link);
  if (link != nullptr) tell_changed_mac(out, *link, early_mac(out.config));
  if (lent && link != nullptr) tell_drawn_mac(out, texts, *link);
  as_announced(out, addresses);
  lasting_setup(out, addresses, ways);
  tell_floating(out, floating);
  tell_left_out(out, ways, links);
  if (link != nullptr && out.config.method == NetworkConfig::Method::fixed)
    same_mtu(out, *link, stacked);
  return out;
}

}  // namespace latchkey
