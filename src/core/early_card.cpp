// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/early_card.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace latchkey {
namespace {

const char* const correct =
    "see: ip link; correct it in [network] of latchkey.conf, or in the ip= of the kernel's command "
    "line, and run: update-initramfs -u -k all";

// What the running system gave its cards is gone in early boot.
std::vector<LinkFacts> as_made(std::span<const LinkFacts> links) {
  std::vector<LinkFacts> out(links.begin(), links.end());
  for (LinkFacts& link : out)
    if (!link.permanent_mac.empty()) link.mac = link.permanent_mac;
  return out;
}

std::string what_then(bool fallback) {
  return fallback ? "after a minute it tries every wired one" : "it waits for it for ever";
}

// Why no link is found: often it shows another MAC address than it was made with.
Error absent(const LinkMatch& match, std::span<const LinkFacts> links, bool fallback) {
  Error out{Code::config, "early boot is to use the link '" + printable(match.text()) + "'",
            "this machine has no such link; " + what_then(fallback), correct};
  const auto changed = std::ranges::find_if(links, [&](const LinkFacts& link) {
    return !match.mac.empty() && link.mac == match.mac && !link.permanent_mac.empty();
  });
  if (changed == links.end()) return out;
  out.why = "'" + printable(changed->name) + "' has this MAC address in the running system only; " +
            what_then(fallback);
  out.hint = "write " + changed->permanent_mac +
             " in its place, with which the card was made, and " +
             "run: update-initramfs -u -k all";
  return out;
}

}  // namespace

Findings missing_cards(const NetworkPlan& plan, std::span<const LinkFacts> links) {
  Findings out;
  if (links.empty()) return out;
  const std::vector<LinkFacts> early = as_made(links);
  const auto look = [&](const LinkMatch& match, bool needed) {
    const bool made = std::ranges::find(plan.made, match.name, &MadeLink::name) != plan.made.end();
    if (match.any() || (made && match.mac.empty())) return;
    std::vector<LinkFacts> meant;
    for (const LinkFacts& link : early)
      if (is_meant(plan, match, link)) meant.push_back(link);
    if (meant.empty()) {
      const Error text = absent(match, links, plan.fallback);
      out.push_back(needed && !plan.fallback ? bad(text) : doubtful(text));
    } else if (std::ranges::all_of(meant, &LinkFacts::wireless)) {
      out.push_back(
          bad({Code::config, "early boot is to use the link '" + printable(match.text()) + "'",
               "it is a wireless card, and early boot has no WLAN; " + what_then(plan.fallback),
               correct}));
    }
  };
  for (const LinkPlan& link : plan.links)
    if (!link.leave) look(link.match, true);
  for (const MadeLink& made : plan.made)
    for (const LinkMatch& member : made.members) look(member, made.members.size() == 1);
  return out;
}

}  // namespace latchkey
