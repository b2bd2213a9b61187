// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/network.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

// The words that are the kernel's: those behind `--` are for init alone.
std::vector<std::string> kernel_words(std::string_view cmdline) {
  std::vector<std::string> words = command_line_words(cmdline);
  words.erase(std::ranges::find(words, "--"), words.end());
  return words;
}

LinkPlan& plan_with(NetworkPlan& plan, const LinkMatch& match) {
  for (LinkPlan& link : plan.links)
    if (link.match == match) return link;
  plan.links.push_back({.match = match});
  return plan.links.back();
}

void add(LinkPlan& link, std::span<const Subnet> addresses, std::span<const Address> gateways) {
  const auto routes = gateway_routes(addresses, gateways);
  link.fixed.addresses.insert(link.fixed.addresses.end(), addresses.begin(), addresses.end());
  link.fixed.routes.insert(link.fixed.routes.end(), routes.begin(), routes.end());
}

// The card that DHCP on no link in particular is for: the one that the machine was started by,
// as pxelinux tells it (01-52-54-00-12-34-56), or DEVICE= of initramfs-tools.
LinkMatch boot_card(const std::vector<std::string>& words, std::string_view device) {
  constexpr std::string_view key = "BOOTIF=";
  for (const std::string& word : words) {
    if (!word.starts_with(key)) continue;
    const std::string_view text = std::string_view(word).substr(key.size());
    const std::string_view kind_first = text.size() > 3 ? text.substr(3) : "";
    for (const std::string_view part : {text, kind_first})
      if (const auto mac = parse_mac(part)) return {.name = "", .mac = *mac};
  }
  return valid_link_name(device) ? LinkMatch{.name = std::string(device)} : LinkMatch{};
}

bool makes_links(const std::vector<std::string>& words) {
  return std::ranges::any_of(words, [](const std::string& word) {
    return parse_kind(word.substr(0, word.find('='))).has_value();
  });
}

void take(NetworkPlan& plan, const IpOption& option) {
  if (option.method == IpOption::Method::off && option.link.any()) {
    plan.links.clear();  // the last word counts, as for the kernel
    return;
  }
  LinkPlan& link = plan_with(plan, option.link);
  link.leave = option.method == IpOption::Method::off;
  if (option.method == IpOption::Method::dhcp) link.dhcp4 = true;
  std::vector<Subnet> addresses;
  std::vector<Address> gateways;
  if (option.address) addresses.push_back(*option.address);
  if (option.gateway && option.address) gateways.push_back(*option.gateway);
  add(link, addresses, gateways);
  if (option.mtu) link.fixed.mtu = option.mtu;
  if (!option.client_id.empty()) link.client_id = option.client_id;
  if (!option.hostname.empty()) plan.hostname = option.hostname;
}

void take(NetworkPlan& plan, Result<IpOption> option, const LinkMatch& card) {
  if (!option) {
    plan.problems.push_back(option.error());
    return;
  }
  if (option->method == IpOption::Method::dhcp && option->link.any()) option->link = card;
  take(plan, *option);
  plan.by_ip_option = true;
}

Error wrong(const std::string& key, const std::string& value, std::string why) {
  return Error{Code::config, "[network] " + key + " = '" + printable(value) + "'", std::move(why),
               "correct latchkey.conf and run: update-initramfs -u -k all"};
}

void take(NetworkPlan& plan, const NetworkConfig& config) {
  if (config.method == NetworkConfig::Method::none) return;
  LinkPlan link;
  link.dhcp4 = config.method == NetworkConfig::Method::dhcp;
  link.client_id = config.client_id;
  if (config.layered())
    link.match = {};  // what is made over them is meant
  else if (const auto mac = parse_mac(config.interface))
    link.match.mac = *mac;
  else if (config.interface.empty() || valid_link_name(config.interface))
    link.match.name = config.interface;
  else
    plan.problems.push_back(wrong("interface", config.interface, "no link can have this name"));
  std::vector<Subnet> addresses;
  std::vector<Address> gateways;
  for (const std::string& text : config.address) {
    const auto address = parse_subnet(text);
    if (address && address->address.host() && address->prefix > 0)
      addresses.push_back(*address);
    else
      plan.problems.push_back(wrong("address", text, "it is to be as 192.0.2.10/24"));
  }
  for (const std::string& text : config.gateway) {
    const auto gateway = parse_address(text);
    if (gateway && gateway->host())
      gateways.push_back(*gateway);
    else
      plan.problems.push_back(wrong("gateway", text, "it is not the address of a host"));
  }
  if (!link.dhcp4 && addresses.empty()) {
    plan.problems.push_back({Code::config, "[network] method = 'static'",
                             "there is no usable address; DHCP is tried",
                             "add address = \"ADDRESS/PREFIX\""});
    link.dhcp4 = true;
  }
  add(link, addresses, gateways);
  if (config.mtu != 0) link.fixed.mtu = config.mtu;
  plan.links.push_back(link);
}

bool made_here(const NetworkPlan& plan, const std::string& name) {
  return std::ranges::find(plan.made, name, &VirtualLink::name) != plan.made.end();
}

bool names(const NetworkPlan& plan, const LinkMatch& match, const LinkFacts& link,
           bool also_other_names) {
  if (match.any()) return false;
  if (!match.mac.empty())
    return (match.mac == link.mac || match.mac == link.permanent_mac) &&
           !made_here(plan, link.name);
  if (match.name == link.name) return true;
  return also_other_names &&
         std::ranges::find(link.other_names, match.name) != link.other_names.end();
}

// A bond that is down and has no part is nobody's: its driver makes one by itself where nobody
// tells it not to.
bool is_made(std::span<const LinkFacts> links, const VirtualLink& made) {
  const auto at = std::ranges::find(links, made.name, &LinkFacts::name);
  if (at == links.end()) return false;
  return made.kind != VirtualLink::Kind::bond || at->up ||
         std::ranges::find(links, made.name, &LinkFacts::master) != links.end();
}

// True when the link is, or is to be, below something that is made.
bool lies_below(const NetworkPlan& plan, const LinkFacts& link, bool also_below_vlans) {
  return std::ranges::any_of(plan.made, [&](const VirtualLink& made) {
    return (also_below_vlans || made.kind != VirtualLink::Kind::vlan) &&
           std::ranges::any_of(made.members,
                               [&](const auto& m) { return is_meant(plan, m, link); });
  });
}

// The topmost of what is to be made, when none of these is there.
std::vector<std::string> tops_if_all_absent(const NetworkPlan& plan,
                                            std::span<const LinkFacts> links) {
  std::vector<std::string> out;
  for (const VirtualLink& made : plan.made) {
    if (lies_below(plan, {.name = made.name}, true)) continue;
    if (is_made(links, made)) return {};
    out.push_back(made.name);
  }
  return out;
}

// A plan for a member of a bond or bridge can only mean that.
void move_off_members(NetworkPlan& plan) {
  for (const VirtualLink& made : plan.made) {
    if (made.kind == VirtualLink::Kind::vlan) continue;
    for (const LinkMatch& member : made.members) {
      const auto at = std::ranges::find(plan.links, member, &LinkPlan::match);
      if (at == plan.links.end() || at->leave) continue;
      plan.problems.push_back(
          {Code::config, "'" + printable(member.text()) + "' is to have addresses of its own",
           "it is part of '" + printable(made.name) + "', which gets them instead", ""});
      LinkPlan moved = *at;
      plan.links.erase(at);
      LinkPlan& to = plan_with(plan, {.name = made.name});
      to.dhcp4 = to.dhcp4 || moved.dhcp4;
      if (to.client_id.empty()) to.client_id = moved.client_id;
      if (to.fixed == LinkSetup{}) to.fixed = moved.fixed;
    }
  }
}

Subnet host_subnet(const Address& address) { return {address, address.bits()}; }

}  // namespace

NetworkPlan network_plan(std::string_view cmdline, const NetworkConfig& config,
                         std::string_view initramfs_ip, std::string_view initramfs_device) {
  NetworkPlan plan;
  plan.fallback = config.fallback;
  if (valid_hostname(config.hostname)) plan.hostname = config.hostname;
  std::vector<VirtualLink> made;
  const std::vector<std::string> words = kernel_words(cmdline);
  // Beside links to be made, the topmost of these is meant.
  const LinkMatch card = makes_links(words) ? LinkMatch{} : boot_card(words, initramfs_device);
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const std::string key = word.substr(0, equals);
    // Nothing behind the sign says nothing. nfsaddrs is the old name.
    const auto kind = parse_kind(key);
    if (kind && equals + 1 < word.size()) {
      auto link = parse_made_link(*kind, std::string_view(word).substr(equals + 1), plan.problems);
      if (link)
        made.push_back(std::move(*link));
      else
        plan.problems.push_back(link.error());
    }
    if ((key != "ip" && key != "nfsaddrs") || equals + 1 >= word.size()) continue;
    take(plan, parse_ip_option(std::string_view(word).substr(equals + 1), plan.problems), card);
  }
  if (!initramfs_ip.empty() && !plan.by_ip_option && !has_ip_option(cmdline))
    take(plan, parse_ip_option(initramfs_ip, plan.problems, "initramfs-tools' IP="), card);
  if (!plan.by_ip_option) {
    take(plan, config);
    auto configured = configured_links(config);
    if (!configured)
      plan.problems.push_back({Code::config, "[network] " + configured.error().what,
                               configured.error().why + "; it is left out",
                               "correct latchkey.conf and run: update-initramfs -u -k all"});
    else if (made.empty())
      made = std::move(*configured);
  }
  if (!plan.links.empty()) plan.made = arrange(std::move(made), plan.problems);
  move_off_members(plan);
  return plan;
}

bool has_ip_option(std::string_view cmdline) {
  return std::ranges::any_of(kernel_words(cmdline),
                             [](const std::string& word) { return word.starts_with("ip="); });
}

bool turned_off(const NetworkPlan& plan) {
  return plan.by_ip_option && std::ranges::all_of(plan.links, &LinkPlan::leave);
}

bool has_fixed_v6(const NetworkPlan& plan) {
  return std::ranges::any_of(plan.links, [](const LinkPlan& link) {
    return !link.leave && std::ranges::any_of(link.fixed.addresses, [](const Subnet& subnet) {
      return subnet.address.v6;
    });
  });
}

bool is_meant(const NetworkPlan& plan, const LinkMatch& match, const LinkFacts& link) {
  return names(plan, match, link, true);
}

std::vector<std::string> widen(NetworkPlan& plan, std::span<const LinkFacts> links) {
  std::vector<std::string> given_up;
  std::vector<LinkPlan> more;
  if (std::ranges::any_of(plan.links, [](const auto& l) { return l.match.any(); })) {
    given_up = tops_if_all_absent(plan, links);
  } else {
    for (const LinkPlan& link : plan.links) {
      if (link.leave) continue;
      if (std::ranges::any_of(links, [&](const LinkFacts& f) {
            return !f.wireless && is_meant(plan, link.match, f);
          }))
        continue;
      given_up.push_back(link.match.text());
      more.push_back(link);
      more.back().match = {};
    }
  }
  if (given_up.empty()) return {};
  plan.widened = true;
  std::vector<std::string> cannot_be;
  for (const VirtualLink& made : plan.made)
    if (!is_made(links, made) && std::ranges::any_of(links, [&](const LinkFacts& link) {
          return std::ranges::any_of(made.members,
                                     [&](const auto& m) { return is_meant(plan, m, link); });
        }))
      cannot_be.push_back(made.name);
  std::erase_if(plan.made, [&](const VirtualLink& made) {
    return std::ranges::find(cannot_be, made.name) != cannot_be.end();
  });
  for (const LinkPlan& link : more) {
    LinkPlan& any = plan_with(plan, {});
    any.dhcp4 = any.dhcp4 || link.dhcp4;
    if (any.client_id.empty()) any.client_id = link.client_id;
    // Two links' addresses on one would be a guess; the first one's will do.
    if (any.fixed == LinkSetup{}) {
      any.fixed = link.fixed;
      any.stands_in = true;
    }
  }
  return given_up;
}

std::optional<std::size_t> plan_for(const NetworkPlan& plan, const LinkFacts& link) {
  if (!link.master.empty() || link.name == "lo" || lies_below(plan, link, false)) return {};
  for (const bool also_other_names : {false, true})
    for (std::size_t i = 0; i < plan.links.size(); ++i)
      if (names(plan, plan.links[i].match, link, also_other_names))
        return plan.links[i].leave ? std::nullopt : std::optional(i);
  if (lies_below(plan, link, true)) return {};
  const bool ours =
      made_here(plan, link.name) || (link.wired && (plan.made.empty() || plan.widened));
  for (std::size_t i = 0; ours && i < plan.links.size(); ++i)
    if (plan.links[i].match.any() && !plan.links[i].leave) return i;
  return {};
}

namespace {

// Links that one plan is for, by how well they are reached: over none, without a cable, or with.
int worth(const std::vector<LinkFacts>& links) {
  int out = 0;
  for (const LinkFacts& link : links)
    if (!link.wireless) out = std::max(out, link.carrier ? 2 : 1);
  return out;
}

}  // namespace

std::vector<LinkFacts> able_to_hold(
    const NetworkPlan& plan, std::size_t index,
    const std::map<std::size_t, std::vector<LinkFacts>>& candidates) {
  const auto found = candidates.find(index);
  if (found == candidates.end()) return {};
  const LinkPlan& own = plan.links[index];
  const int own_worth = worth(found->second);
  for (const auto& [other, links] : candidates) {
    if (plan.links[other].fixed != own.fixed) continue;
    const bool meant = own.stands_in && !plan.links[other].stands_in;
    const bool stand_in = !own.stands_in && plan.links[other].stands_in;
    if (meant && worth(links) > 0 && worth(links) >= own_worth) return {};
    if (stand_in && worth(links) > own_worth) return {};
  }
  std::vector<LinkFacts> made;
  for (const LinkFacts& link : found->second)
    if (link.carrier && made_here(plan, link.name)) made.push_back(link);
  return made.empty() ? found->second : made;
}

int holder(std::span<const LinkFacts> candidates, int present) {
  const auto with_carrier = std::ranges::find_if(candidates, &LinkFacts::carrier);
  for (const LinkFacts& link : candidates)
    if (link.index == present && (link.carrier || with_carrier == candidates.end())) return present;
  if (with_carrier != candidates.end()) return with_carrier->index;
  return candidates.size() == 1 ? candidates[0].index : 0;
}

std::vector<Route> gateway_routes(std::span<const Subnet> addresses,
                                  std::span<const Address> gateways) {
  std::vector<Route> out;
  for (const Address& gateway : gateways) {
    const bool near = gateway.link_local() || std::ranges::any_of(addresses, [&](const Subnet& a) {
                        return a.prefix < gateway.bits() && a.contains(gateway);
                      });
    if (!near) out.push_back({host_subnet(gateway), {}});
    out.push_back({Subnet{Address{.v6 = gateway.v6}, 0}, gateway});
  }
  return out;
}

}  // namespace latchkey
