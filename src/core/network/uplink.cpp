// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/uplink.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/network/dhcp_addresses.hpp"
#include "core/network/host_addresses.hpp"
#include "core/network/host_layers.hpp"

namespace latchkey {
namespace {

void take(Uplink& out, const std::string& link) {
  out.link = link;
  out.v4 = default_route(out.routes4, link);
  out.v6 = default_route(out.routes6, link);
}

// How the link leads to who is logged in, also where rules keep that in a table of its own;
// nothing where the answers go out over another link.
std::optional<HostRoute> way_to_login(const Uplink& ways, const IpTexts& texts,
                                      const Login& login) {
  const bool six = login.client.v6;
  if (login.client.link_local()) return HostRoute{{login.client, login.client.bits()}, login.link};
  if (auto there = way_over(six ? ways.routes6 : ways.routes4, login.link, login.client))
    return there;
  for (HostRoute asked : host_routes(texts.way_to_login, six)) {
    if (asked.link != login.link || !asked.to.contains(login.client)) continue;
    if (!asked.gateway.empty()) asked.to = {Address{.v6 = six}, 0};
    return asked;
  }
  return {};
}

// Where early boot could not answer over it.
Error no_way_back(const Login& login, const std::string& instead) {
  return {Code::partial, "you are logged in over '" + printable(login.link) + "'",
          "that has no route to where you are, so early boot could not answer there; it will be "
          "reached over '" +
              printable(instead) + "'",
          "see that you can reach its addresses, or write [network] in "
          "/etc/latchkey/latchkey.conf"};
}

// The link with an administrator on it is one that is surely reached.
void prefer_login(Uplink& out, const IpTexts& texts, const std::vector<Json>& links) {
  const auto login = login_over(texts.ssh_connection, address_rows(texts));
  if (!login || login->link == out.link) return;
  const std::string other =
      out.link.empty() ? "" : ", not '" + printable(out.link) + "', which has the default route";
  if (!can_make(links, login->link)) {
    if (out.link.empty()) return;
    out.warnings.push_back(
        {Code::partial, "you are logged in over '" + printable(login->link) + "'",
         "early boot cannot make that one; it will be reached over '" + printable(out.link) + "'",
         "see that you can reach its addresses"});
    return;
  }
  const auto there = way_to_login(out, texts, *login);
  if (!there && !out.link.empty() && !leads_nowhere(links, out.link)) {
    out.warnings.push_back(no_way_back(*login, out.link));
    return;
  }
  take(out, login->link);
  auto& way = login->client.v6 ? out.v6 : out.v4;
  if (there && !there->gateway.empty()) way = there;
  out.warnings.push_back({Code::partial,
                          "early boot will use '" + printable(out.link) + "'" + other,
                          "you are logged in over it",
                          "if that is wrong, write [network] in /etc/latchkey/latchkey.conf"});
}

// The default route with the lowest metric over a link that early boot can make.
std::string next_best(const std::vector<HostRoute>& routes, const std::vector<Json>& links) {
  std::vector<HostRoute> usable;
  for (const HostRoute& route : routes)
    if (can_make(links, route.link)) usable.push_back(route);
  const auto best = default_route(usable);
  return best ? best->link : "";
}

// The gateway that all routes over the link have, where no one leads everywhere: what is to be
// reached, as the other end of a tunnel, is behind it.
std::optional<HostRoute> lone_gateway(const std::vector<HostRoute>& routes,
                                      const std::string& link) {
  std::optional<HostRoute> out;
  for (const HostRoute& route : routes) {
    if (route.link != link || route.gateway.empty() || !set_up(route)) continue;
    if (out && out->gateway != route.gateway) return {};
    out = route;
  }
  return out;
}

// In the place of no default route, or of one over a tunnel.
void take_another(Uplink& out, const IpTexts& texts, const std::vector<Json>& links) {
  std::string link = next_best(out.routes4, links);
  if (link.empty()) link = next_best(out.routes6, links);
  if (const auto own = links_of_its_own(texts); link.empty() && own.size() == 1) link = own.front();
  if (link.empty() || link == out.link) return;
  const Json* const before = link_named(links, out.link);
  const std::string kind = before == nullptr ? "" : kind_of(*before);
  if (out.link.empty())
    out.warnings.push_back(
        {Code::partial, "this machine has no default route now",
         "early boot will use '" + printable(link) + "', the only interface with a fixed address",
         "if that is wrong, write [network] in /etc/latchkey/latchkey.conf"});
  else
    out.warnings.push_back(
        {Code::partial,
         "the default route is over '" + printable(out.link) + "'" +
             (kind == "wireless" ? ", a wireless card"
              : kind.empty()     ? ""
                                 : ", of the kind '" + printable(kind) + "'"),
         "early boot cannot make this one; it will be reached over '" + printable(link) + "'",
         "see that you can reach its addresses"});
  take(out, link);
  if (!out.v4) out.v4 = lone_gateway(out.routes4, link);
  if (!out.v6) out.v6 = lone_gateway(out.routes6, link);
}

}  // namespace

Uplink find_uplink(const IpTexts& texts) {
  Uplink out{.routes4 = host_routes(texts.routes4, false),
              .routes6 = host_routes(texts.routes6, true)};
  out.v4 = default_route(out.routes4);
  out.v6 = default_route(out.routes6);
  if (const auto& route = out.v4 ? out.v4 : out.v6) out.link = route->link;
  const std::vector<Json> links = links_of(texts);
  prefer_login(out, texts, links);
  if (out.link.empty() || leads_nowhere(links, out.link)) take_another(out, texts, links);
  return out;
}

bool leads_nowhere(const std::vector<Json>& links, const std::string& link) {
  const Json* const row = link_named(links, link);
  return row != nullptr && !lies_on_cards(kind_of(*row));
}

std::vector<std::string> links_of_its_own(const IpTexts& texts) {
  const std::vector<Json> links = links_of(texts);
  std::vector<std::string> out;
  for (const Json& row : address_rows(texts)) {
    const bool own = std::ranges::any_of(addresses_of(row), &HostAddress::own);
    const std::string name = text_of(row, "ifname");
    if (own && name != "lo" && can_make(links, name)) out.push_back(name);
  }
  return out;
}

}  // namespace latchkey
