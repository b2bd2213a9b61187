// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/lease.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

// Longer than any honest option: one byte counts an option's length.
constexpr std::size_t text_limit = 2048;

std::optional<unsigned> read_prefix(const std::string& mask, const std::string& subnet,
                                    const Address& address) {
  if (!mask.empty()) {
    const auto number = parse_number(mask, 32);
    return number ? std::optional(static_cast<unsigned>(*number)) : std::nullopt;
  }
  if (!subnet.empty()) return parse_netmask(subnet);
  return default_prefix(address);
}

// A gateway that cannot be one: nobody, everybody, or ourselves.
bool usable_gateway(const Address& gateway, const Subnet& own) {
  return !gateway.v6 && gateway.host() && gateway != own.address;
}

// Pairs of a network and a gateway. 0.0.0.0 as the gateway means that the
// network is on the link itself (RFC 3442).
bool read_static_routes(const std::string& text, const Subnet& own, std::vector<Route>& out) {
  const auto words = split_fields(text);
  bool all = words.size() % 2 == 0;
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const auto to = parse_subnet(words[i].text);
    const auto via = parse_address(words[i + 1].text);
    const bool read = to && via && !to->address.v6 && !via->v6 && out.size() < lease_route_limit;
    if (read && *via == Address{}) {
      out.push_back({to->network(), {}});
    } else if (read && usable_gateway(*via, own)) {
      // The route to a gateway outside the network must come before its use.
      const std::vector<Address> gateway{*via};
      const auto routes = gateway_routes(std::span(&own, 1), gateway);
      const Route own_way = routes.front();
      if (routes.size() > 1 && std::ranges::find(out, own_way) == out.end()) out.push_back(own_way);
      out.push_back({to->network(), *via});
    } else {
      all = false;
    }
  }
  return all;
}

}  // namespace

Result<Lease> parse_lease(const std::function<std::string(const std::string&)>& variable) {
  bool too_long = false;
  const auto get = [&](const char* name) {
    std::string text = variable(name);
    if (text.size() <= text_limit) return text;
    too_long = true;
    return std::string();
  };
  const auto wrong = [](const char* field) {
    return Error{Code::damaged, "cannot use a DHCP answer",
                 std::string("its ") + field + " is not valid", "look at the DHCP server"};
  };
  Lease lease;
  lease.link = get("interface");
  if (!valid_link_name(lease.link)) return wrong("interface");
  const auto address = parse_address(get("ip"));
  if (!address || address->v6 || !address->host()) return wrong("address");
  const auto prefix = read_prefix(get("mask"), get("subnet"), *address);
  if (!prefix || *prefix == 0) return wrong("netmask");
  const Subnet own{*address, *prefix};
  lease.setup.addresses.push_back(own);

  // Classless routes, where there are any, replace the routers (RFC 3442).
  const std::string routes = get("staticroutes");
  if (!routes.empty() && !read_static_routes(routes, own, lease.setup.routes))
    lease.left_out.emplace_back("staticroutes");
  if (lease.setup.routes.empty()) {
    std::vector<Address> gateways;
    const std::string routers = get("router");
    for (const Field& word : split_fields(routers)) {
      const auto gateway = parse_address(word.text);
      if (gateway && usable_gateway(*gateway, own))
        gateways.push_back(*gateway);
      else if (lease.left_out.empty() || lease.left_out.back() != "router")
        lease.left_out.emplace_back("router");
    }
    // Further routers are for the first one's failure, which nobody here detects.
    gateways.resize(std::min<std::size_t>(gateways.size(), 1));
    lease.setup.routes = gateway_routes(lease.setup.addresses, gateways);
  }
  if (const std::string text = get("mtu"); !text.empty()) {
    const auto mtu = parse_number(text, 65535);
    if (mtu && *mtu >= 576)
      lease.setup.mtu = static_cast<unsigned>(*mtu);
    else
      lease.left_out.emplace_back("mtu");
  }
  lease.seconds = parse_number(get("lease"), 0xffffffffUL).value_or(0);
  if (too_long) lease.left_out.emplace_back("a field of too many bytes");
  return lease;
}

void keep_ipv6(Lease& lease) {
  constexpr unsigned least = 1280;  // RFC 8200
  auto& mtu = lease.setup.mtu;
  if (!mtu || *mtu >= least) return;
  lease.left_out.push_back("its MTU of " + std::to_string(*mtu) + ", too small for IPv6");
  mtu.reset();
}

}  // namespace latchkey
