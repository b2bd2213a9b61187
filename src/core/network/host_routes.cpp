// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/host_routes.hpp"

#include "core/base/text.hpp"

namespace latchkey {
namespace {

std::optional<Subnet> destination(const std::string& text, bool v6) {
  if (text == "default") return Subnet{Address{.v6 = v6}, 0};
  if (const auto subnet = parse_subnet(text)) return subnet;
  if (const auto address = parse_address(text)) return Subnet{*address, address->bits()};
  return {};
}

// An address as sshd writes it: one of the link alone has its zone behind it.
std::optional<Address> login_address(std::string_view text) {
  return parse_address(text.substr(0, text.find('%')));
}

bool has_address(const Json& link, const Address& address) {
  const auto infos = link.find("addr_info");
  if (infos == link.end() || !infos->is_array()) return false;
  for (const Json& info : *infos)
    if (info.is_object() && parse_address(text_of(info, "local")) == address) return true;
  return false;
}

}  // namespace

std::string HostRoute::text() const {
  return (to.prefix == 0 ? "everywhere" : to.text()) +
         (gateway.empty() ? "" : " via " + printable(gateway)) + " over '" + printable(link) + "'";
}

std::vector<HostRoute> host_routes(std::string_view text, bool v6) {
  std::vector<HostRoute> out;
  for (const Json& row : rows_of(text)) {
    const auto to = destination(text_of(row, "dst"), v6);
    if (!to) continue;
    HostRoute route{*to, text_of(row, "dev"), text_of(row, "gateway"), number_of(row, "metric"),
                    text_of(row, "protocol")};
    const auto hops = row.find("nexthops");
    if (route.link.empty() && hops != row.end() && hops->is_array() && !hops->empty() &&
        hops->front().is_object()) {
      route.link = text_of(hops->front(), "dev");
      route.gateway = text_of(hops->front(), "gateway");
    }
    if (const auto via = row.find("via"); via != row.end() && via->is_object())
      route.other_gateway = text_of(*via, "host");
    route.source = text_of(row, "prefsrc");
    if (!route.link.empty()) out.push_back(route);
  }
  return out;
}

std::optional<HostRoute> default_route(std::span<const HostRoute> routes, const std::string& link) {
  std::optional<HostRoute> best;
  for (const HostRoute& route : routes)
    if (route.to.prefix == 0 && (link.empty() || route.link == link) &&
        (!best || route.metric < best->metric))
      best = route;
  return best;
}

std::optional<HostRoute> way_over(std::span<const HostRoute> routes, const std::string& link,
                                  const Address& to) {
  std::optional<HostRoute> best;
  for (const HostRoute& route : routes)
    if (route.link == link && route.to.contains(to) &&
        (!best || route.to.prefix > best->to.prefix ||
         (route.to.prefix == best->to.prefix && route.metric < best->metric)))
      best = route;
  return best;
}

bool set_up(const HostRoute& route) {
  return route.protocol.empty() || route.protocol == "boot" || route.protocol == "static" ||
         route.protocol == "dhcp";
}

std::optional<LoginEnds> login_ends(std::string_view ssh_connection) {
  const auto words = split(ssh_connection, ' ');
  if (words.size() != 4) return {};
  const auto client = login_address(words[0]);
  const auto server = login_address(words[2]);
  if (!client || !server) return {};
  const std::size_t percent = words[2].find('%');
  return LoginEnds{*client, *server,
                   percent == std::string::npos ? "" : words[2].substr(percent + 1)};
}

std::optional<Login> login_over(std::string_view ssh_connection, std::span<const Json> links) {
  const auto ends = login_ends(ssh_connection);
  if (!ends) return {};
  for (const Json& link : links) {
    const std::string name = text_of(link, "ifname");
    if (name != "lo" && (ends->zone.empty() || ends->zone == name) &&
        has_address(link, ends->server))
      return Login{ends->client, name};
  }
  return {};
}

}  // namespace latchkey
