// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/dhcp_addresses.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/network/address.hpp"
#include "core/network/host_addresses.hpp"
#include "core/network/host_routes.hpp"

namespace latchkey {
namespace {

// The address of the link that goes with a route: the one it names; else one with the gateway
// in its subnet, or the only one that there is.
std::optional<Address> address_for(const HostRoute& route,
                                   const std::vector<HostAddress>& addresses) {
  if (const auto source = parse_address(route.source)) return source;
  std::vector<HostAddress> able;
  for (const HostAddress& address : addresses)
    if (!address.subnet.address.v6 && !address.foreign) able.push_back(address);
  const auto gateway = parse_address(route.gateway);
  const auto near = std::ranges::find_if(able, [&](const HostAddress& address) {
    return gateway && !address.secondary && address.subnet.contains(*gateway);
  });
  if (near != able.end()) return near->subnet.address;
  if (able.size() != 1) return {};
  return able.front().subnet.address;
}

// What is lent on one link.
std::vector<Address> lent_on(const Json& row, const IpTexts& texts,
                             const std::vector<HostRoute>& routes) {
  const std::string link = text_of(row, "ifname");
  const std::vector<HostAddress> addresses = addresses_of(row);
  std::vector<Address> out;
  for (const std::string& text : texts.lent)
    if (const auto address = parse_address(text)) out.push_back(*address);
  for (const HostRoute& route : routes) {
    if (route.link != link || route.protocol != "dhcp") continue;
    if (const auto address = address_for(route, addresses)) out.push_back(*address);
  }
  return out;
}

}  // namespace

std::vector<Json> address_rows(const IpTexts& texts) {
  std::vector<Json> out = rows_of(texts.addresses);
  const std::vector<HostRoute> routes = host_routes(texts.routes4, false);
  for (Json& row : out) {
    const std::vector<Address> lent = lent_on(row, texts, routes);
    const auto infos = row.find("addr_info");
    if (infos == row.end() || !infos->is_array()) continue;
    for (Json& info : *infos) {
      const auto address = info.is_object() ? parse_address(text_of(info, "local")) : std::nullopt;
      if (address && !address->v6 && std::ranges::find(lent, *address) != lent.end())
        info["dynamic"] = true;
    }
  }
  return out;
}

std::optional<std::string> last_leased(std::string_view leases) {
  std::optional<std::string> out;
  for (const std::string_view line : split_lines(leases)) {
    const auto words = split_fields(line);
    if (words.size() == 2 && words[0].text == "fixed-address" && words[1].text.ends_with(';'))
      out = words[1].text.substr(0, words[1].text.size() - 1);
  }
  return out;
}

}  // namespace latchkey
