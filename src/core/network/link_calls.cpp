// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/link_calls.hpp"

#include <algorithm>

namespace latchkey {
namespace {

const char* family(const Address& address) { return address.v6 ? "-6" : "-4"; }

Arguments route_command(const char* verb, const Route& route, const std::string& link,
                        unsigned metric) {
  Arguments out{"ip", family(route.to.address), "route", verb, route.to.text()};
  if (route.via) out.insert(out.end(), {"via", route.via->text()});
  out.insert(out.end(), {"dev", link, "metric", std::to_string(metric)});
  return out;
}

// The number of a link's own table. busybox's ip takes none above 1023, and the low ones are
// those that people use.
std::string table_of(unsigned metric) { return std::to_string(300 + metric % 700); }

// The same for the default routes of a setup, in a table of their own.
std::vector<Arguments> table_commands(const char* verb, const LinkSetup& setup,
                                      const std::string& link, unsigned metric) {
  std::vector<Arguments> out;
  for (const Route& route : setup.routes) {
    if (route.to.prefix != 0) continue;
    out.push_back(route_command(verb, route, link, metric));
    out.back().insert(out.back().end(), {"table", table_of(metric)});
  }
  return out;
}

// Two rules for each address: a route to somewhere in particular first, wherever it leads, so
// that nothing changes but by which router everywhere else is reached.
std::vector<Arguments> rule_commands(const char* verb, std::span<const Address> addresses,
                                     unsigned metric) {
  constexpr unsigned behind = 10000;
  std::vector<Arguments> out;
  for (const Address& address : addresses) {
    const Arguments from{"ip", family(address), "rule", verb, "from", address.text()};
    Arguments narrow = from;
    narrow.insert(narrow.end(),
                  {"table", "main", "suppress_prefixlength", "0", "pref", std::to_string(metric)});
    Arguments own = from;
    own.insert(own.end(), {"table", table_of(metric), "pref", std::to_string(behind + metric)});
    out.push_back(std::move(narrow));
    out.push_back(std::move(own));
  }
  return out;
}

}  // namespace

std::vector<Arguments> link_commands(const LinkSetup& setup, const std::string& link,
                                     unsigned metric) {
  std::vector<Arguments> out;
  if (setup.mtu)
    out.push_back({"ip", "link", "set", "dev", link, "mtu", std::to_string(*setup.mtu)});
  for (const Subnet& address : setup.addresses)
    out.push_back({"ip", family(address.address), "addr", "replace", address.text(), "dev", link});
  for (const Route& route : setup.routes)
    out.push_back(route_command("replace", route, link, metric));
  return out;
}

std::vector<Arguments> undo_commands(const LinkSetup& setup, const std::string& link,
                                     unsigned metric) {
  std::vector<Arguments> out = table_commands("del", setup, link, metric);
  for (auto route = setup.routes.rbegin(); route != setup.routes.rend(); ++route)
    out.push_back(route_command("del", *route, link, metric));
  for (const Subnet& address : setup.addresses)
    out.push_back({"ip", family(address.address), "addr", "del", address.text(), "dev", link});
  return out;
}

std::vector<Address> with_own_way(const LinkSetup& setup) {
  std::vector<Address> out;
  for (const Subnet& own : setup.addresses)
    if (std::ranges::any_of(setup.routes, [&](const Route& route) {
          return route.to.prefix == 0 && route.to.address.v6 == own.address.v6;
        }))
      out.push_back(own.address);
  return out;
}

std::vector<Arguments> way_commands(const LinkSetup& setup, const std::string& link,
                                    unsigned metric) {
  const auto addresses = with_own_way(setup);
  if (addresses.empty()) return {};
  std::vector<Arguments> out = table_commands("replace", setup, link, metric);
  const auto rules = rule_commands("add", addresses, metric);
  out.insert(out.end(), rules.begin(), rules.end());
  return out;
}

std::vector<Arguments> undo_way_commands(std::span<const Address> addresses, unsigned metric) {
  return rule_commands("del", addresses, metric);
}

Arguments raise_command(const std::string& link) {
  return {"ip", "link", "set", "dev", link, "up"};
}

Arguments lower_command(const std::string& link) {
  return {"ip", "link", "set", "dev", link, "down"};
}

Arguments flush_command(const std::string& link) { return {"ip", "addr", "flush", "dev", link}; }

std::vector<std::string> dhcp_words(const std::string& link, const std::string& hostname,
                                    const std::string& client_id, const std::string& script) {
  std::vector<std::string> out{"-f", "-i", link, "-s", script, "-t", "3", "-T", "3", "-A", "3"};
  out.insert(out.end(), {"-o", "-O", "subnet", "-O", "router", "-O", "staticroutes", "-O", "mtu"});
  if (!hostname.empty()) out.insert(out.end(), {"-x", "hostname:" + hostname});
  if (!client_id.empty()) out.insert(out.end(), {"-x", "0x3d:" + client_id});
  return out;
}

}  // namespace latchkey
