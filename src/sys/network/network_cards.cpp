// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/network/network_cards.hpp"

#include <algorithm>
#include <filesystem>

#include "core/base/lists.hpp"
#include "sys/base/fd.hpp"
#include "sys/kernel/command_line.hpp"
#include "sys/kernel/modules.hpp"
#include "sys/network/link.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

std::string module_of(const std::string& driver) {
  std::error_code none;
  const fs::path module = fs::canonical(driver + "/module", none);
  return none ? std::string() : module.filename().string();
}

NetworkCard read_card(const std::string& root, const std::string& link) {
  const std::string at = root + "/sys/class/net/" + link;
  NetworkCard card;
  card.link = link;
  card.driver = module_of(at + "/device/driver");
  card.modules = drivers_of(root, at + "/device");
  // The PHY may sit on a bus of its own, beside the card.
  add_once(card.modules, drivers_of(root, at + "/phydev"));
  card.alias = alias_of(at + "/device");
  return card;
}

bool is_planned(const NetworkPlan& plan, LinkFacts link) {
  // What it is part of in the running system is nothing that early boot has.
  link.master.clear();
  return plan_for(plan, link).has_value() ||
         std::ranges::any_of(plan.made, [&](const VirtualLink& made) {
           return std::ranges::any_of(made.members, [&](const LinkMatch& member) {
             return is_meant(plan, member, link);
           });
         });
}

// What early boot does after a minute where none of them is there counts too.
std::vector<std::string> planned_by(const NetworkPlan& plan, const std::vector<LinkFacts>& links) {
  std::vector<std::string> out;
  for (const LinkFacts& link : links)
    if (!link.no_card && !link.wireless && is_planned(plan, link)) out.push_back(link.name);
  if (!out.empty() || !plan.fallback || plan.links.empty() || turned_off(plan)) return out;
  for (const LinkFacts& link : links)
    if (link.wired) out.push_back(link.name);
  return out;
}

}  // namespace

std::vector<NetworkCard> network_cards(const std::string& root) {
  std::vector<NetworkCard> out;
  std::error_code failed;
  for (const std::string& name : names_in(root + "/sys/class/net"))
    if (fs::exists(root + "/sys/class/net/" + name + "/device", failed))
      out.push_back(read_card(root, name));
  return out;
}

std::vector<NetworkPlan> known_plans(const std::string& root, const NetworkConfig& config) {
  std::vector<CommandLine> lines = known_command_lines(root);
  if (lines.empty()) lines.emplace_back();
  const InitramfsIp ip = initramfs_ip(root);
  std::vector<NetworkPlan> out;
  for (const CommandLine& line : lines)
    out.push_back(network_plan(line.text, config, ip.value, ip.device));
  return out;
}

std::vector<NetworkCard> planned_cards(const std::string& root, const NetworkConfig& config) {
  bool early = false;
  const std::vector<LinkFacts> links = read_links(root, false, early);
  std::vector<std::string> planned;
  for (const NetworkPlan& plan : known_plans(root, config))
    add_once(planned, planned_by(plan, links));
  std::vector<NetworkCard> out = network_cards(root);
  std::erase_if(out, [&](const NetworkCard& card) {
    return std::ranges::find(planned, card.link) == planned.end();
  });
  return out;
}

std::vector<std::string> card_modules(const std::vector<NetworkCard>& cards) {
  std::vector<std::string> out;
  for (const NetworkCard& card : cards) {
    add_once(out, card.modules);
    if (!card.alias.empty()) add_once(out, card.alias);
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace latchkey
