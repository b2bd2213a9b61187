// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/kernel/modules.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "core/base/lists.hpp"
#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

// A card waits for few; this only ends what is no tree.
constexpr std::size_t most_devices = 500;

// From the card up through its buses: virtio_net sits on virtio_pci.
std::vector<fs::path> way_up(const std::string& root, fs::path at) {
  const fs::path top = root + "/sys/devices";
  std::vector<fs::path> out;
  for (; at != top && at.has_relative_path(); at = at.parent_path()) out.push_back(at);
  return out;
}

// The module of a device's driver; empty where it has none.
std::string driver_at(const fs::path& device) {
  std::error_code missing;
  const fs::path module = fs::canonical(device / "driver" / "module", missing);
  return missing ? "" : module.filename().string();
}

// What a device waits for without sitting on it: where its power, its clock or its address comes
// from, as the firmware of boards tells it.
std::vector<fs::path> suppliers_of(const fs::path& device) {
  std::vector<fs::path> out;
  for (const std::string& name : names_in(device.string())) {
    if (!name.starts_with("supplier:")) continue;
    std::error_code missing;
    fs::path supplier = fs::canonical(device / name / "supplier", missing);
    if (!missing) out.push_back(std::move(supplier));
  }
  return out;
}

}  // namespace

std::optional<ModuleFiles> find_module(const std::string& root, const std::string& kernel,
                                       const std::string& name) {
  std::vector<std::string> argv{
      "modprobe", "--set-version=" + kernel, "--show-depends", "--all", "--quiet", name};
  if (!root.empty()) argv.insert(argv.begin() + 1, "--dirname=" + root);
  const auto said = run(argv, {.timeout = std::chrono::seconds(60)});
  if (!said || said->status != 0) return {};
  ModuleFiles out;
  for (const std::string_view line : split_lines(said->output)) {
    const std::vector<Field> words = split_fields(line);
    if (words.size() < 2) continue;
    if (words[0].text == "builtin") out.built_in = true;
    if (words[0].text != "insmod") continue;
    std::string file = words[1].text;
    if (!root.empty() && file.starts_with(root)) file.erase(0, root.size());
    file.erase(file.rfind(".ko") == std::string::npos ? file.size() : file.rfind(".ko") + 3);
    add_once(out.files, file);
  }
  if (!out.built_in && out.files.empty()) return {};
  return out;
}

bool has_module_file(const std::string& tree, const std::string& file) {
  return std::ranges::any_of(
      std::vector<std::string>{"", ".xz", ".zst", ".gz"},
      [&](const std::string& end) { return ::access((tree + file + end).c_str(), F_OK) == 0; });
}

std::string alias_of(const std::string& device) {
  const std::string alias = sys_attribute(device + "/modalias");
  // It goes through the shell as one word, and to modprobe, which takes patterns.
  const bool plain =
      std::ranges::all_of(alias, [](unsigned char c) { return c > ' ' && c < 0x7f; }) &&
      alias.find_first_of("\"'\\*?[]") == std::string::npos;
  return plain ? alias : "";
}

std::vector<std::string> controllers_of(const std::string& directory) {
  const fs::path device = directory;
  std::vector<std::string> out{directory};
  if (device.parent_path().filename() != "nvme-subsystem") return out;
  for (const std::string& name : names_in(device.string())) {
    std::error_code failed;
    const fs::path controller = fs::canonical(device / name, failed);
    // nvme0; its parts nvme0n1 and nvme0c0n1 lie in the directory itself.
    if (!failed && name.starts_with("nvme") && controller.parent_path() != device)
      out.push_back(controller.string());
  }
  return out;
}

std::vector<DrivenDevice> driven_devices(const std::string& root, const std::string& device) {
  std::vector<DrivenDevice> out;
  std::error_code none;
  const fs::path start = fs::canonical(device, none);
  if (none) return out;
  for (const std::string& controller : controllers_of(start.string()))
    for (const fs::path& at : way_up(root, controller)) {
      DrivenDevice driven{driver_at(at), alias_of(at.string())};
      if (driven != DrivenDevice{}) out.push_back(std::move(driven));
    }
  return out;
}

std::vector<std::string> drivers_of(const std::string& root, const std::string& device) {
  std::vector<std::string> out;
  std::error_code none;
  const fs::path start = fs::canonical(device, none);
  if (none) return out;
  std::set<fs::path> seen;  // they may wait for each other
  const std::vector<std::string> controllers = controllers_of(start.string());
  std::vector<fs::path> to_see(controllers.begin(), controllers.end());
  for (std::size_t i = 0; i < to_see.size() && seen.size() < most_devices; ++i)
    for (const fs::path& at : way_up(root, to_see[i])) {
      if (!seen.insert(at).second) break;
      if (const std::string driver = driver_at(at); !driver.empty()) add_once(out, driver);
      const std::vector<fs::path> more = suppliers_of(at);
      to_see.insert(to_see.end(), more.begin(), more.end());
    }
  return out;
}

std::vector<std::string> watchdog_modules(const std::string& root) {
  const std::string all = root + "/sys/class/watchdog";
  std::vector<std::string> out;
  for (const std::string& name : names_in(all))
    add_once(out, drivers_of(root, all + "/" + name + "/device"));
  return out;
}

}  // namespace latchkey
