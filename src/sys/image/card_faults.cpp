// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/card_faults.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>

#include "core/base/text.hpp"
#include "sys/kernel/modules.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

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
  for (const std::string& folder :
       {"updates/" + kernel + "/", std::string("updates/"), kernel + "/", std::string()})
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
    faults.push_back(
        {Code::kernel,
         "early boot could not reach its network by '" + printable(card.link) + "': " + what, why,
         hint});
  }

  const ImageRequest& image_;
};

}  // namespace

std::vector<Error> card_faults(const ImageRequest& image, const std::vector<NetworkCard>& cards) {
  Judge judge(image);
  for (const NetworkCard& card : cards) judge.look_at(card);
  return judge.faults;
}

}  // namespace latchkey
