// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/base/text.hpp"
#include "core/config/first_network.hpp"
#include "core/network/early_card.hpp"
#include "core/network/early_reach.hpp"
#include "core/network/network.hpp"
#include "latchkey/check/check.hpp"
#include "sys/kernel/command_line.hpp"
#include "sys/network/ip_texts.hpp"
#include "sys/network/link.hpp"

namespace latchkey {
namespace {

// Those of ZFS call the scripts of a local root themselves.
bool has_local_top(std::string_view boot) { return boot == "local" || boot == "zfs"; }

// The word by which init boots with other scripts than those of a local root; empty for none.
std::string foreign_boot(const std::string& cmdline) {
  std::string boot;
  std::string root;
  for (const Field& word : split_fields(trim(cmdline))) {
    if (word.text.starts_with("boot=")) boot = word.text;
    if (word.text.starts_with("root=")) root = word.text;
  }
  if (boot.empty() || boot == "boot=") return root == "root=/dev/nfs" ? root : "";
  return has_local_top(boot.substr(boot.find('=') + 1)) ? "" : boot;
}

bool says_boot(const std::string& cmdline) {
  return std::ranges::any_of(split_fields(trim(cmdline)), [](const Field& word) {
    return word.text.starts_with("boot=") && word.text != "boot=";
  });
}

// The same by the images' own settings; a word of the command line comes after them.
CommandLine foreign_setting(const std::string& root, const std::vector<CommandLine>& lines) {
  CommandLine setting = initramfs_setting(root, "BOOT");
  const bool local = setting.text.empty() || has_local_top(setting.text);
  if (local || std::ranges::any_of(lines, says_boot, &CommandLine::text)) return {};
  setting.text = "BOOT=" + setting.text;
  return setting;
}

}  // namespace

Findings check_network(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  if (!inputs.config) return out;
  std::vector<std::string> told;  // the same words stand in several places
  // A test's root has no network of its own.
  const IpTexts now = paths.root.empty() ? read_ip() : IpTexts{};
  if (paths.root.empty())
    if (auto silent = ip_is_silent(now)) out.push_back(bad(std::move(*silent)));
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
  const auto tell_foreign = [&](const std::string& source, const std::string& word) {
    if (!word.empty())
      tell(doubtful({Code::config,
                     "early boot asks nobody for the passphrase with '" + printable(word) + "'",
                     "'" + source + "' has it, and init then runs no script of local-top",
                     "boot with a local root, or unlock on the running system: latchkey unlock"}));
  };
  const InitramfsIp ip = initramfs_ip(paths.root);
  const auto lines = known_command_lines(paths.root);
  for (const CommandLine& line : lines) {
    look(line.source, network_plan(line.text, inputs.config->network, "", ip.device));
    tell_foreign(line.source, foreign_boot(line.text));
  }
  const CommandLine setting = foreign_setting(paths.root, lines);
  tell_foreign(setting.source, setting.text);
  // One setting of grub's says nothing of what another one adds: any ip= may come first.
  if (std::ranges::any_of(lines, has_ip_option, &CommandLine::text)) return out;
  const NetworkPlan plan = network_plan("", inputs.config->network, ip.value, ip.device);
  look(ip.file, plan);
  if (auto none = no_network_meant(plan, inputs.config->network)) tell(doubtful(*none));
  return out;
}

void tell_of_network(const Paths& paths) {
  tell_as_warnings(check_network(paths, read_early_inputs(paths)));
}

}  // namespace latchkey
