// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/host_network.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/address.hpp"
#include "core/made_link.hpp"
#include "core/text.hpp"

namespace latchkey {
namespace {

using Json = nlohmann::json;

// Any text gives a list; what is no list of objects gives an empty one.
std::vector<Json> rows_of(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  std::vector<Json> out;
  if (json.is_array())
    for (const Json& row : json)
      if (row.is_object()) out.push_back(row);
  return out;
}

std::string text_of(const Json& row, const char* key) {
  const auto found = row.find(key);
  return found != row.end() && found->is_string() ? found->get<std::string>() : "";
}

std::uint64_t number_of(const Json& row, const char* key) {
  const auto found = row.find(key);
  return found != row.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

bool flag_of(const Json& row, const char* key) {
  const auto found = row.find(key);
  return found != row.end() && found->is_boolean() && found->get<bool>();
}

struct DefaultRoute {
  std::string link{};
  std::string gateway{};  // empty: directly on the link
  std::uint64_t metric = 0;
  bool announced = false;  // by a router
};

std::optional<DefaultRoute> default_route(std::string_view text) {
  std::optional<DefaultRoute> best;
  for (const Json& row : rows_of(text)) {
    if (text_of(row, "dst") != "default") continue;
    DefaultRoute route{text_of(row, "dev"), text_of(row, "gateway"), number_of(row, "metric"),
                       text_of(row, "protocol") == "ra"};
    // Several ways at once: the first is as good as any.
    const auto hops = row.find("nexthops");
    if (route.link.empty() && hops != row.end() && hops->is_array() && !hops->empty()) {
      route.link = text_of(hops->front(), "dev");
      route.gateway = text_of(hops->front(), "gateway");
    }
    if (!route.link.empty() && (!best || route.metric < best->metric)) best = route;
  }
  return best;
}

struct HostAddress {
  Subnet subnet;
  bool lasting = false;  // written down by a person, not lent or made up
};

std::vector<HostAddress> addresses_of(const Json& link) {
  std::vector<HostAddress> out;
  const auto infos = link.find("addr_info");
  if (infos == link.end() || !infos->is_array()) return out;
  for (const Json& info : *infos) {
    if (!info.is_object() || text_of(info, "scope") != "global") continue;
    if (flag_of(info, "temporary") || flag_of(info, "deprecated")) continue;
    const auto subnet =
        parse_subnet(text_of(info, "local") + "/" + std::to_string(number_of(info, "prefixlen")));
    if (!subnet || !subnet->address.host() || subnet->prefix == 0) continue;
    out.push_back({*subnet, !flag_of(info, "dynamic") && !flag_of(info, "mngtmpaddr")});
  }
  std::ranges::stable_sort(out, {}, [](const HostAddress& a) { return a.subnet.address.v6; });
  return out;
}

const Json* named(const std::vector<Json>& rows, const std::string& name) {
  const auto found =
      std::ranges::find_if(rows, [&](const Json& row) { return text_of(row, "ifname") == name; });
  return found == rows.end() ? nullptr : &*found;
}

// What a link lies on: the card of a VLAN, the members of a bond or bridge.
std::vector<std::string> links_below(const std::vector<Json>& links, const Json& link) {
  std::vector<std::string> out;
  if (const std::string below = text_of(link, "link"); !below.empty()) out.push_back(below);
  for (const Json& other : links)
    if (text_of(other, "master") == text_of(link, "ifname"))
      out.push_back(text_of(other, "ifname"));
  return out;
}

std::string kind_of(const Json& link) {
  const auto info = link.find("linkinfo");
  return info != link.end() && info->is_object() ? text_of(*info, "info_kind") : "";
}

std::string article(const std::string& kind) {
  if (kind == "vlan") return "a VLAN";
  return "a " + printable(kind);
}

// The MAC address that a card was made with: as part of a bond it may show another.
std::string card_mac(const Json& link) {
  const std::string own = text_of(link, "permaddr");
  return parse_mac(own.empty() ? text_of(link, "address") : own).value_or("");
}

// A detail of what a VLAN, bond or bridge is.
const Json& detail(const Json& link, const char* key) {
  static const Json none;
  const auto info = link.find("linkinfo");
  if (info == link.end() || !info->is_object()) return none;
  const auto data = info->find("info_data");
  if (data == info->end() || !data->is_object()) return none;
  const auto found = data->find(key);
  return found == data->end() ? none : *found;
}

std::vector<const Json*> parts_of(const std::vector<Json>& links, const std::string& master) {
  std::vector<const Json*> out;
  for (const Json& link : links)
    if (text_of(link, "master") == master) out.push_back(&link);
  return out;
}

// Writes what a link is made of into the configuration, from the top to the cards.
// False when [network] cannot say it.
class Layers {
 public:
  Layers(const std::vector<Json>& links, NetworkConfig& out) : links_(links), out_(out) {}

  bool describe(const Json& link) {
    const std::string kind = kind_of(link);
    if (kind == "vlan") return vlan(link);
    if (kind == "bond") return bond(link);
    if (kind == "bridge") return bridge(link);
    out_.interface = card_mac(link);
    return kind.empty() && !out_.interface.empty();
  }

 private:
  bool vlan(const Json& link) {
    const Json& id = detail(link, "id");
    const Json& protocol = detail(link, "protocol");
    const Json* const below = named(links_, text_of(link, "link"));
    if (out_.vlan != 0 || below == nullptr || !id.is_number_unsigned()) return false;
    if (protocol.is_string() && protocol.get<std::string>() != "802.1Q") return false;
    out_.vlan = id.get<unsigned>();
    return out_.vlan > 0 && out_.vlan < 4095 && describe(*below);
  }

  bool bond(const Json& link) {
    const Json& mode = detail(link, "mode");
    if (!mode.is_string() || !valid_bond_mode(mode.get<std::string>()) || !out_.bond.empty())
      return false;
    out_.bond_mode = mode.get<std::string>();
    for (const Json* part : parts_of(links_, text_of(link, "ifname"))) {
      out_.bond.push_back(card_mac(*part));
      if (!kind_of(*part).empty() || out_.bond.back().empty()) return false;
    }
    return !out_.bond.empty();
  }

  bool bridge(const Json& link) {
    if (!out_.bridge.empty()) return false;
    for (const Json* part : parts_of(links_, text_of(link, "ifname"))) {
      const std::string kind = kind_of(*part);
      if (kind == "tun" || kind == "veth") continue;  // a guest of this machine
      const unsigned vlan_above = out_.vlan;
      if (kind.empty() && !card_mac(*part).empty()) {
        out_.bridge.push_back(card_mac(*part));
      } else if ((kind != "bond" && kind != "vlan") || !describe(*part)) {
        return false;
      } else {
        out_.bridge.push_back(kind == "bond" ? "bond0" : "vlan" + std::to_string(out_.vlan));
        if (kind == "vlan" && vlan_above != 0) return false;
      }
    }
    return !out_.bridge.empty();
  }

  const std::vector<Json>& links_;
  NetworkConfig& out_;
};

constexpr const char* tries_dhcp = "early boot will try DHCP on every wired interface";

void lasting_setup(HostNetwork& out, const std::vector<HostAddress>& addresses,
                   const std::optional<DefaultRoute>& v4, const std::optional<DefaultRoute>& v6) {
  for (const HostAddress& address : addresses)
    if (address.lasting) out.config.address.push_back(address.subnet.text());
  const auto has = [&](bool six) {
    return std::ranges::any_of(
        addresses, [six](const HostAddress& a) { return a.lasting && a.subnet.address.v6 == six; });
  };
  const auto gateway = [&](const std::optional<DefaultRoute>& route) {
    if (!route || route->link != out.link || route->announced) return;
    if (route->gateway.empty()) {
      out.warnings.push_back(
          {Code::partial, "the default route over '" + printable(out.link) + "' has no gateway",
           "early boot can be reached from its own subnet only",
           "if there is a gateway, name it in [network] of /etc/latchkey/latchkey.conf"});
      return;
    }
    const auto address = parse_address(route->gateway);
    if (address && address->host()) out.config.gateway.push_back(address->text());
  };
  if (has(false)) gateway(v4);
  if (has(true)) gateway(v6);
}

}  // namespace

HostNetwork host_network(const IpTexts& texts) {
  HostNetwork out;
  const auto v4 = default_route(texts.routes4);
  const auto v6 = default_route(texts.routes6);
  const auto& route = v4 ? v4 : v6;
  if (!route) {
    out.warnings.push_back({Code::partial, "this machine has no default route now", tries_dhcp,
                            "if that is wrong, write [network] in /etc/latchkey/latchkey.conf"});
    return out;
  }
  out.link = route->link;
  const std::vector<Json> links = rows_of(texts.links);
  const std::vector<Json> with_addresses = rows_of(texts.addresses);
  std::vector<HostAddress> addresses;
  const Json* const link = named(links, out.link);
  if (const Json* const row = named(with_addresses, out.link)) addresses = addresses_of(*row);
  for (const HostAddress& address : addresses)
    out.addresses.push_back(address.subnet.address.text());

  NetworkConfig layers;
  const bool stacked = link != nullptr && !kind_of(*link).empty();
  if (stacked && !(Layers(links, layers).describe(*link) && configured_links(layers))) {
    const auto below = links_below(links, *link);
    out.warnings.push_back(
        {Code::partial,
         "the network is reached over '" + printable(out.link) + "', " + article(kind_of(*link)) +
             (below.empty() ? "" : " over '" + join(below, "', '") + "'"),
         std::string("early boot cannot make this one; ") + tries_dhcp,
         "if that does not reach it, write into [network] of /etc/latchkey/latchkey.conf how a "
         "plain interface does"});
    return out;
  }
  const bool lent = std::ranges::any_of(
      addresses, [](const HostAddress& a) { return !a.lasting && !a.subnet.address.v6; });
  const bool lasting =
      std::ranges::any_of(addresses, [](const HostAddress& a) { return a.lasting; });
  const auto mac = parse_mac(link != nullptr ? text_of(*link, "address") : "");
  if (stacked)
    out.config = layers;
  else if (mac || valid_link_name(out.link))
    out.config.interface = mac ? *mac : out.link;
  else  // the kernel allows names that [network] does not
    out.warnings.push_back({Code::partial,
                            "the interface '" + printable(out.link) + "' has no MAC address",
                            "its name cannot stand in latchkey.conf; early boot will use every "
                            "wired interface",
                            "if that is wrong, write [network] in /etc/latchkey/latchkey.conf"});
  // DHCP for IPv4 goes together with lasting IPv6 addresses. Only announced ones: DHCP
  // does no harm beside them.
  out.config.method = lent || !lasting ? NetworkConfig::Method::dhcp : NetworkConfig::Method::fixed;
  if (lent) std::erase_if(addresses, [](const HostAddress& a) { return !a.subnet.address.v6; });
  lasting_setup(out, addresses, v4, v6);
  if (const auto mtu = link != nullptr ? number_of(*link, "mtu") : 0;
      out.config.method == NetworkConfig::Method::fixed && mtu >= 576 && mtu < 65536 && mtu != 1500)
    out.config.mtu = static_cast<unsigned>(mtu);
  return out;
}

}  // namespace latchkey
