// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/network/network_cards.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "core/base/lists.hpp"
#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/image/command_line.hpp"
#include "sys/image/modules.hpp"
#include "sys/network/link.hpp"
#include "sys/process/process.hpp"
#include "sys/storage/device.hpp"

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

// The files that a module says it may ask for.
std::vector<std::string> firmware_of(const ImageRequest& image, const std::string& module) {
  std::vector<std::string> argv{"modinfo", "-k", image.kernel, "-F", "firmware", module};
  if (!image.paths.root.empty()) argv.insert(argv.begin() + 1, {"-b", image.paths.root});
  const auto said = run(argv, {.timeout = std::chrono::seconds(60), .merge_stderr = false});
  std::vector<std::string> out;
  if (said && said->status == 0)
    for (const std::string_view line : split_lines(said->output))
      if (!trim(line).empty()) out.emplace_back(trim(line));
  return out;
}

bool has_firmware(const std::string& root, const std::string& kernel, const std::string& name) {
  for (const std::string& folder : {"updates/" + kernel + "/", std::string("updates/"),
                                    kernel + "/", std::string()})
    for (const char* end : {"", ".xz", ".zst"})
      if (::access((root + "/lib/firmware/" + folder + name + end).c_str(), F_OK) == 0) return true;
  return false;
}

class Judge {
 public:
  explicit Judge(const ImageRequest& image) : image_(image) {}

  void look_at(const NetworkCard& card) {
    for (const std::string& name : card.modules)
      if (const auto found = find(name)) {
        need(*found, card, name);
        firmware(card, name);
      }
    // This kernel may drive it by a module of another name, or where the running one needs none.
    if (!card.driver.empty() && find(card.driver)) return;
    if (const auto found = find(card.alias)) need(*found, card, card.alias);
  }

  std::vector<Error> faults{};

 private:
  [[nodiscard]] std::optional<ModuleFiles> find(const std::string& name) const {
    return name.empty() ? std::nullopt : find_module(image_.paths.root, image_.kernel, name);
  }

  void need(const ModuleFiles& module, const NetworkCard& card, const std::string& name) {
    const auto there = [&](const std::string& file) { return has_module_file(image_.tree, file); };
    if (module.built_in || std::ranges::all_of(module.files, there)) return;
    fault(card, "'" + printable(name) + "' is missing", "its module is not in the image",
          "see that the kernel's package is installed whole");
  }

  void firmware(const NetworkCard& card, const std::string& module) {
    const auto names = firmware_of(image_, module);
    const auto on = [&](const std::string& root) {
      return std::ranges::any_of(
          names, [&](const auto& name) { return has_firmware(root, image_.kernel, name); });
    };
    // Without any on the machine itself the card works without.
    if (on(image_.paths.root) && !on(image_.tree))
      fault(card, "the firmware for '" + printable(module) + "' is missing",
            "none of its files is in the image, as '" + printable(names.front()) + "'",
            "see which hook in /etc/initramfs-tools/hooks takes it away");
  }

  void fault(const NetworkCard& card, const std::string& what, const std::string& why,
             const std::string& hint) {
    faults.push_back({Code::kernel,
                      "early boot could not reach its network by '" + printable(card.link) +
                          "': " + what,
                      why, hint});
  }

  const ImageRequest& image_;
};

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

std::vector<Error> card_faults(const ImageRequest& image, const std::vector<NetworkCard>& cards) {
  Judge judge(image);
  for (const NetworkCard& card : cards) judge.look_at(card);
  return judge.faults;
}

}  // namespace latchkey
