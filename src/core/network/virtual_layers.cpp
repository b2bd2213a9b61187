// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/base/text.hpp"
#include "core/network/address.hpp"
#include "core/network/virtual_link.hpp"

namespace latchkey {
namespace {

using Kind = VirtualLink::Kind;

Result<std::vector<LinkMatch>> matches(const char* key, const std::vector<std::string>& texts) {
  std::vector<LinkMatch> out;
  for (const std::string& text : texts) {
    if (const auto mac = parse_mac(text))
      out.push_back({.name = "", .mac = *mac});
    else if (valid_link_name(text))
      out.push_back({.name = text});
    else
      return Error{Code::config, key, "'" + printable(text) + "' is no link's name or MAC address",
                   ""};
  }
  return out;
}

bool holds(const std::vector<std::string>& texts, const std::string& text) {
  return std::ranges::find(texts, text) != texts.end();
}

// A link can be part of one bond or bridge only.
void drop_shared_members(std::vector<VirtualLink>& made, std::vector<Error>& problems) {
  std::vector<LinkMatch> taken;
  for (VirtualLink& link : made) {
    if (link.kind == Kind::vlan) continue;
    std::vector<LinkMatch> own;
    for (const LinkMatch& member : link.members) {
      if (std::ranges::find(taken, member) != taken.end()) {
        problems.push_back(
            {Code::config,
             "'" + printable(member.text()) + "' is to be part of '" + printable(link.name) + "'",
             "it is part of another bond or bridge, or named twice", ""});
        continue;
      }
      taken.push_back(member);
      own.push_back(member);
    }
    link.members = std::move(own);
  }
}

}  // namespace

Result<std::vector<VirtualLink>> configured_links(const NetworkConfig& config) {
  const auto wrong = [](const char* key, const char* why) {
    return Error{Code::config, key, why, ""};
  };
  const std::string vlan = "vlan" + std::to_string(config.vlan);
  const bool vlan_is_port = config.vlan != 0 && holds(config.bridge, vlan);
  const bool bonded = !config.bond.empty();
  if (bonded && !config.interface.empty())
    return wrong("bond", "it takes the place of 'interface'; name the members here only");
  if (!config.bridge.empty() && !config.interface.empty() && !vlan_is_port)
    return wrong("bridge", "it takes the place of 'interface'; name the ports here only");
  if (!config.bridge.empty() && bonded && !vlan_is_port && !holds(config.bridge, "bond0"))
    return wrong("bridge", "it does not name the bond, \"bond0\", as one of its ports");
  if (config.vlan != 0 && config.interface.empty() && !bonded &&
      (config.bridge.empty() || vlan_is_port))
    return wrong("vlan", "'interface' (or 'bond') is to name the link that it lies on");

  if (!config.mac.empty() && !bonded && config.bridge.empty())
    return wrong("mac", "it is that of a bond or bridge, and there is none");

  const auto members = matches("bond", config.bond);
  if (!members) return members.error();
  const auto ports = matches("bridge", config.bridge);
  if (!ports) return ports.error();
  const auto below = matches("interface", {config.interface});
  std::vector<VirtualLink> out;
  if (bonded) {
    VirtualLink bond{.kind = Kind::bond, .name = "bond0", .members = *members};
    if (valid_bond_mode(config.bond_mode)) bond.settings.push_back({"mode", config.bond_mode});
    complete_bond(bond, "active-backup");
    out.push_back(std::move(bond));
  }
  if (!config.bridge.empty())
    out.push_back({.kind = Kind::bridge, .name = "br0", .members = *ports});
  if (!out.empty()) out.back().mac = config.mac;
  if (config.vlan != 0) {
    LinkMatch lies_on{.name = "br0"};
    if (config.bridge.empty() || vlan_is_port) {
      if (!bonded && !below) return below.error();
      lies_on = bonded ? LinkMatch{.name = "bond0"} : below->front();
    }
    out.push_back({.name = vlan, .members = {lies_on}, .vlan_id = config.vlan});
  }
  return out;
}

std::vector<VirtualLink> arrange(std::vector<VirtualLink> made, std::vector<Error>& problems) {
  const auto leave_out = [&](const VirtualLink& link, const char* why) {
    problems.push_back({Code::config,
                        std::string(kind_text(link.kind)) + " '" + printable(link.name) + "'", why,
                        ""});
  };
  drop_shared_members(made, problems);
  std::vector<VirtualLink> waiting;
  for (VirtualLink& link : made) {
    if (link.members.empty())
      leave_out(link, "no member is left for it");
    else if (std::ranges::find(waiting, link.name, &VirtualLink::name) != waiting.end())
      leave_out(link, "there is another one of this name");
    else
      waiting.push_back(std::move(link));
  }
  std::vector<VirtualLink> out;
  while (!waiting.empty()) {
    const auto ready = std::ranges::find_if(waiting, [&](const VirtualLink& link) {
      return std::ranges::none_of(link.members, [&](const LinkMatch& member) {
        return !member.name.empty() &&
               std::ranges::find(waiting, member.name, &VirtualLink::name) != waiting.end();
      });
    });
    if (ready == waiting.end()) break;
    out.push_back(std::move(*ready));
    waiting.erase(ready);
  }
  for (const VirtualLink& link : waiting) leave_out(link, "it lies on itself");
  return out;
}

}  // namespace latchkey
