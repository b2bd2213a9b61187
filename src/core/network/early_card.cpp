// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/early_card.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

const char* const correct =
    "see: ip link; correct it in [network] of latchkey.conf, or in the ip= of the kernel's command "
    "line, and run: update-initramfs -u -k all";

// What the running system gave its cards is gone in early boot.
std::vector<LinkFacts> as_made(std::span<const LinkFacts> links) {
  std::vector<LinkFacts> out(links.begin(), links.end());
  for (LinkFacts& link : out)
    if (!link.permanent_mac.empty() || link.drawn_mac) link.mac = link.permanent_mac;
  return out;
}

std::string what_then(bool fallback) {
  return fallback ? "after a minute it tries every wired one" : "it waits for it for ever";
}

Error to_use(const LinkMatch& match) {
  return {Code::config, "early boot is to use the link '" + printable(match.text()) + "'", "",
          correct};
}

// What `ip addr` shows is often no card: a hypervisor's bridge, or a bond.
Error made_later(const LinkMatch& match, const LinkFacts& link, bool fallback) {
  Error out = to_use(match);
  out.why = "'" + printable(link.name) + "' is no card, and the running system makes it; " +
            what_then(fallback);
  out.hint =
      "name its card, or say in [network] of latchkey.conf what it is made of: vlan, bond, "
      "bridge (see latchkey.conf(5)); then: update-initramfs -u -k all";
  return out;
}

// A name that netplan, or whoever writes below /run or /usr/local, has udev give.
Error named_later(const LinkMatch& match, const LinkFacts& link, bool fallback) {
  Error out = to_use(match);
  out.why =
      "a file below /run or /usr/local gives it this name, which no image has: early boot may know "
      "it by another one; then " +
      what_then(fallback);
  if (!link.mac.empty())  // the card has one of its own
    out.hint = "write its MAC address " + link.mac +
               " in place of the name, and run: update-initramfs -u -k all";
  return out;
}

// Why no link is found: often it shows another MAC address than it was made with.
Error absent(const LinkMatch& match, std::span<const LinkFacts> links, bool fallback) {
  Error out = to_use(match);
  out.why = "this machine has no such link; " + what_then(fallback);
  const auto changed = std::ranges::find_if(links, [&](const LinkFacts& link) {
    return !match.mac.empty() && link.mac == match.mac &&
           (!link.permanent_mac.empty() || link.drawn_mac);
  });
  if (changed == links.end()) return out;
  out.why = "'" + printable(changed->name) + "' has this MAC address in the running system only; " +
            what_then(fallback);
  if (changed->drawn_mac) {
    out.hint = "it has none of its own: write the name '" + printable(changed->name) +
               "' in its place, and run: update-initramfs -u -k all";
    return out;
  }
  out.hint = "write " + changed->permanent_mac +
             " in its place, with which the card was made, and " +
             "run: update-initramfs -u -k all";
  return out;
}

// Takes the links that are meant. A finding about them, if there is one.
std::optional<Finding> judge(const LinkMatch& match, std::vector<LinkFacts> meant,
                             std::span<const LinkFacts> links, bool fallback, bool needed) {
  std::vector<LinkFacts> no_cards;
  std::ranges::copy_if(meant, std::back_inserter(no_cards), &LinkFacts::no_card);
  std::erase_if(meant, [](const LinkFacts& link) { return link.no_card; });
  if (meant.empty()) {
    Error text = absent(match, links, fallback);
    // Of a part of it the MAC address may be known, which says more.
    if (!no_cards.empty() && text.hint == correct)
      text = made_later(match, no_cards.front(), fallback);
    return needed && !fallback ? bad(text) : doubtful(text);
  }
  if (std::ranges::all_of(meant, &LinkFacts::wireless)) {
    Error text = to_use(match);
    text.why = "it is a wireless card, and early boot has no WLAN; " + what_then(fallback);
    return bad(text);
  }
  if (match.mac.empty() && std::ranges::all_of(meant, &LinkFacts::late_name))
    return doubtful(named_later(match, meant.front(), fallback));
  return {};
}

}  // namespace

Findings missing_cards(const NetworkPlan& plan, std::span<const LinkFacts> links) {
  Findings out;
  if (links.empty()) return out;
  const std::vector<LinkFacts> early = as_made(links);
  const auto look = [&](const LinkMatch& match, bool needed) {
    const bool made = std::ranges::find(plan.made, match.name, &VirtualLink::name) != plan.made.end();
    if (match.any() || (made && match.mac.empty())) return;
    std::vector<LinkFacts> meant;
    for (const LinkFacts& link : early)
      if (is_meant(plan, match, link)) meant.push_back(link);
    if (auto found = judge(match, std::move(meant), links, plan.fallback, needed))
      out.push_back(std::move(*found));
  };
  for (const LinkPlan& link : plan.links)
    if (!link.leave) look(link.match, true);
  for (const VirtualLink& made : plan.made)
    for (const LinkMatch& member : made.members) look(member, made.members.size() == 1);
  return out;
}

}  // namespace latchkey
