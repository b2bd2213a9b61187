// SPDX-License-Identifier: GPL-3.0-or-later
// Does the system itself want to open or mount what Latchkey opens and mounts?
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "core/hold/hold.hpp"
#include "core/mount/cmdline_mounts.hpp"
#include "core/mount/fstab.hpp"
#include "core/mount/mount_units.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/check/check_gpt_auto.hpp"
#include "sys/base/fd.hpp"
#include "sys/hold/init_system.hpp"
#include "sys/hold/own_units.hpp"
#include "sys/kernel/command_line.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/device_number.hpp"
#include "sys/storage/disk_health.hpp"

namespace latchkey {
namespace {

// Mounts, automounts and swap areas among the owner's units. A mount that an automount of the
// owner's calls is judged with that.
std::vector<HandMount> hand_mounts(const std::string& root) {
  const std::vector<EnabledUnit> enabled = enabled_units(root);
  const auto linked_by = [&](const std::string& name) {
    const auto found = std::ranges::find(enabled, name, &EnabledUnit::name);
    return found == enabled.end() ? std::vector<std::string>{} : found->by;
  };
  std::vector<HandMount> out;
  for (const std::string& name : own_unit_names(root)) {
    const std::string stem = name.substr(0, name.rfind('.'));
    const bool automount = name.ends_with(".automount");
    if (!automount && !name.ends_with(".mount") && !name.ends_with(".swap")) continue;
    const OwnUnit own = own_unit(root, name);
    if (own.files.empty()) continue;
    const auto by = linked_by(name);
    if (by.empty() && (automount || !linked_by(stem + ".automount").empty())) continue;
    const OwnUnit mount = automount ? own_unit(root, stem + ".mount") : OwnUnit{};
    if (auto line = line_of_unit(name, own.settings, by, mount.settings))
      out.push_back({name, own.files.front(), !by.empty(), std::move(*line)});
  }
  return out;
}

// Debian 12's systemd takes no mounts from the command line. It knows the word, or not; where it
// cannot be asked it may.
bool takes_mounts(const std::string& root) {
  constexpr std::size_t limit = 8UL << 20U;
  const auto program =
      read_file(root + "/lib/systemd/system-generators/systemd-fstab-generator", limit);
  return !program || program->find("systemd.mount-extra") != std::string::npos;
}

// What the kernel's command line has systemd open or mount. A word is told once, from the file
// that it is written in where that is known.
Findings check_command_lines(const Paths& paths, const std::vector<Claim>& claims,
                             const Resolve& resolve, const IsThere& is_there,
                             const std::vector<std::string>& held) {
  const std::string crypttab = text_or_empty(paths.root + "/etc/crypttab");
  auto lines = known_command_lines(paths.root);
  std::ranges::reverse(lines);  // that of the running kernel is the first
  const bool mounts = takes_mounts(paths.root);
  Findings out;
  std::set<std::string> told;
  for (const CommandLine& line : lines) {
    const std::string file = paths.root + line.source;
    const std::string text = mounts ? line.text : without_mounts(line.text);
    for (Finding& found :
         command_line_conflicts(text, file, crypttab, claims, resolve, is_there, held)) {
      const std::string word = found.text.what.substr(0, found.text.what.find("' in '"));
      if (told.insert(word).second) out.push_back(std::move(found));
    }
  }
  return out;
}

// `/dev/md0` of an array, or of a partition in it; empty where the kernel does not say.
std::string kernel_path(dev_t number) {
  std::error_code failed;
  const auto link = std::filesystem::read_symlink("/sys/dev/block/" + number_text(number), failed);
  return failed ? std::string() : "/dev/" + link.filename().string();
}

// LVM and arrays on an open volume: what of them fstab names comes with it.
std::vector<std::string> devices_above(const std::string& mapping,
                                       const std::vector<Mapping>& all) {
  const auto number = block_device("/dev/mapper/" + mapping);
  if (!number) return {};
  std::vector<std::string> out;
  for (const Mapping& one : all)
    if (one.number != *number && all_below(one.number, all).contains(*number))
      out.push_back(one.name.empty() ? kernel_path(one.number) : "/dev/mapper/" + one.name);
  return out;
}

// What nobody else may open or mount: the volumes and the keys volume.
std::vector<Claim> claims_of(const Paths& paths, const EarlyInputs& inputs) {
  std::vector<Claim> claims;
  const auto stacked = paths.root.empty() ? stacked_devices() : std::vector<Mapping>{};
  if (inputs.volumes)
    for (const Volume& volume : *inputs.volumes) {
      claims.push_back(claim(volume));
      if (!needed_by_boot(volume)) claims.back().above = devices_above(volume.mapping, stacked);
    }
  // Only systemd has units for mounts, which can be held.
  if (init_system() == InitSystem::sysvinit)
    for (Claim& one : claims) one.volume.clear();
  if (inputs.config)
    claims.push_back(claim("the keys volume", inputs.config->keys.device,
                           inputs.config->keys.mapping, inputs.config->keys.uuid));
  return claims;
}

}  // namespace

Findings check_fstab(const Paths& paths, const EarlyInputs& inputs) {
  const std::vector<Claim> claims = claims_of(paths, inputs);
  const Resolve resolve = [&](const std::string& path) {
    std::error_code failed;
    const auto real = std::filesystem::weakly_canonical(paths.root + path, failed);
    const std::string text = real.string();
    if (failed || !text.starts_with(paths.root)) return path;
    return text.substr(paths.root.size());
  };
  Findings out;
  const auto look = [&](const std::string& file, const auto& conflicts) {
    const std::string path = paths.root + file;
    const auto text = read_file(path);
    if (!text) {
      // Neither table has to be there.
      if (text.error().code != Code::missing) out.push_back(doubtful(text.error()));
      return;
    }
    const Findings found = conflicts(*text, path, claims, resolve);
    if (found.empty()) out.push_back(good("'" + path + "' leaves the volumes alone"));
    out.insert(out.end(), found.begin(), found.end());
  };
  std::vector<std::string> held;
  if (const auto services = read_file(paths.etc("services")))
    for (const HeldUnit& unit : read_holds(*services, "", {}).units) held.push_back(unit.unit);
  look("/etc/fstab", [&](const std::string& text, const std::string& path,
                         const std::vector<Claim>& all, const Resolve& real) {
    Findings found = fstab_conflicts(text, path, all, real, held);
    for (Finding& lack : fstab_lacks(text, path, all)) found.push_back(std::move(lack));
    return found;
  });
  const IsThere is_there = [&](const std::string& path) {
    return ::access((paths.root + path).c_str(), F_OK) == 0;
  };
  if (init_system() != InitSystem::sysvinit) {
    for (Finding& found : check_command_lines(paths, claims, resolve, is_there, held))
      out.push_back(std::move(found));
    for (Finding& found : mount_unit_conflicts(hand_mounts(paths.root), claims, resolve, held))
      out.push_back(std::move(found));
    for (Finding& found : check_gpt_auto(paths, claims)) out.push_back(std::move(found));
  }
  look("/etc/crypttab",
       [&](const std::string& text, const std::string& path, const std::vector<Claim>& all,
           const Resolve& real) { return crypttab_conflicts(text, path, all, real, is_there); });
  return out;
}

void tell_of_fstab(const Paths& paths) {
  const EarlyInputs inputs = read_early_inputs(paths);
  if (inputs.volumes && !silent_volumes(*inputs.volumes).empty()) return;
  tell_as_warnings(check_fstab(paths, inputs));
}

}  // namespace latchkey
