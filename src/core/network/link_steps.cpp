// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/link_steps.hpp"

#include <algorithm>

#include "core/network/link_calls.hpp"

namespace latchkey {
namespace {

using Kind = VirtualLink::Kind;
using Step = LinkStep::Kind;

const LinkFacts* find(std::span<const LinkFacts> links, const std::string& name) {
  const auto at = std::ranges::find(links, name, &LinkFacts::name);
  return at == links.end() ? nullptr : &*at;
}

bool has_part(std::span<const LinkFacts> links, const std::string& master) {
  return std::ranges::any_of(links, [&](const auto& link) { return link.master == master; });
}

// The links that a made one lies on, in the order in which it names them.
std::vector<LinkFacts> members_of(const NetworkPlan& plan, const VirtualLink& made,
                                  std::span<const LinkFacts> links) {
  std::vector<LinkFacts> out;
  for (const LinkMatch& match : made.members)
    for (const LinkFacts& link : links)
      if (link.name != made.name && is_meant(plan, match, link)) out.push_back(link);
  return out;
}

// A bond is configured while it is down, so nobody raises it before it has a part.
bool may_be_raised(const NetworkPlan& plan, std::span<const LinkFacts> links,
                   const LinkFacts& link) {
  const auto at = std::ranges::find(plan.made, link.name, &VirtualLink::name);
  return at == plan.made.end() || at->kind != Kind::bond || has_part(links, link.name);
}

}  // namespace

std::vector<LinkStep> link_steps(const NetworkPlan& plan, std::span<const LinkFacts> links,
                                 const std::set<std::string>& ours) {
  std::vector<LinkStep> out;
  for (const VirtualLink& made : plan.made) {
    const std::vector<LinkFacts> members = members_of(plan, made, links);
    const bool vlan = made.kind == Kind::vlan;
    if (vlan)
      for (const LinkFacts& member : members)
        if (!member.up && may_be_raised(plan, links, member))
          out.push_back({Step::raise, made, member});
    const LinkFacts* const there = find(links, made.name);
    if (there == nullptr) {
      const auto usable = std::ranges::find_if(
          members, [&](const LinkFacts& m) { return vlan ? m.up : m.master.empty(); });
      if (usable != members.end()) out.push_back({Step::create, made, *usable});
      continue;
    }
    const bool spare = made.kind == Kind::bond && !there->up && !has_part(links, made.name);
    if (vlan || (!ours.contains(made.name) && !spare)) continue;
    bool first = !has_part(links, made.name);
    for (const LinkFacts& member : members) {
      if (!member.master.empty()) continue;
      out.push_back({Step::join, made, member, first});
      first = false;
    }
  }
  return out;
}

std::vector<std::string> module_words(Kind kind) {
  if (kind == Kind::vlan) return {"8021q"};
  if (kind == Kind::bridge) return {"bridge"};
  return {"bonding", "max_bonds=0"};
}

std::vector<std::string> link_modules(std::span<const VirtualLink> made) {
  std::vector<std::string> out;
  for (const VirtualLink& link : made)
    if (const std::string name = module_words(link.kind).front();
        std::ranges::find(out, name) == out.end())
      out.push_back(name);
  return out;
}

Arguments create_command(const VirtualLink& made, const LinkFacts& member) {
  if (made.kind == Kind::vlan)
    return {"ip",
            "link",
            "add",
            "link",
            member.name,
            "name",
            made.name,
            "type",
            "vlan",
            "id",
            std::to_string(made.vlan_id)};
  Arguments out{"ip", "link", "add", "dev", made.name};
  if (const auto mac = parse_mac(made.mac.empty() ? member.mac : made.mac))
    out.insert(out.end(), {"address", *mac});
  out.insert(out.end(), {"type", std::string(kind_text(made.kind))});
  return out;
}

std::vector<Arguments> join_commands(const VirtualLink& made, const LinkFacts& member) {
  std::vector<Arguments> out;
  if (made.kind == Kind::bond && member.up) out.push_back(lower_command(member.name));
  out.push_back({"ip", "link", "set", "dev", member.name, "master", made.name});
  if (made.kind == Kind::bridge && !member.up) out.push_back(raise_command(member.name));
  if (made.mtu)
    out.push_back({"ip", "link", "set", "dev", made.name, "mtu", std::to_string(*made.mtu)});
  return out;
}

Arguments delete_command(const std::string& link) { return {"ip", "link", "del", "dev", link}; }

}  // namespace latchkey
