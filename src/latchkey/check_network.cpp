// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/early_card.hpp"
#include "core/early_reach.hpp"
#include "core/first_network.hpp"
#include "core/network.hpp"
#include "latchkey/check.hpp"
#include "sys/command_line.hpp"
#include "sys/ip_texts.hpp"
#include "sys/link.hpp"

namespace latchkey {

Findings check_network(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  if (!inputs.config) return out;
  std::vector<std::string> told;  // the same words stand in several places
  // A test's root has no network of its own.
  const IpTexts now = paths.root.empty() ? read_ip() : IpTexts{};
  bool early = false;
  const std::vector<LinkFacts> links = read_links(paths.root, false, early);
  const auto tell = [&](Finding finding) {
    if (std::ranges::find(told, finding.text.what) != told.end()) return;
    told.push_back(finding.text.what);
    out.push_back(std::move(finding));
  };
  const auto look = [&](const std::string& source, const NetworkPlan& plan) {
    for (const Error& problem : plan.problems) tell(doubtful(problem));
    if (auto far = out_of_reach(plan, now, plan.by_ip_option || inputs.config->network.method_said))
      tell(std::move(*far));
    for (Finding& missing : missing_cards(plan, links)) tell(std::move(missing));
    if (turned_off(plan)) out.push_back(bad(no_early_network("'" + source + "'")));
  };
  const auto lines = known_command_lines(paths.root);
  for (const CommandLine& line : lines)
    look(line.source, network_plan(line.text, inputs.config->network));
  // One setting of grub's says nothing of what another one adds: any ip= may come first.
  if (std::ranges::any_of(lines, has_ip_option, &CommandLine::text)) return out;
  const InitramfsIp ip = initramfs_ip(paths.root);
  look(ip.file, network_plan("", inputs.config->network, ip.value));
  return out;
}

}  // namespace latchkey
