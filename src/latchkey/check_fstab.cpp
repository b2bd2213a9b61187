// SPDX-License-Identifier: GPL-3.0-or-later
// Does the system itself want to open or mount what Latchkey opens and mounts?
#include <unistd.h>

#include <filesystem>

#include "core/fstab.hpp"
#include "core/hold.hpp"
#include "latchkey/check.hpp"
#include "sys/fd.hpp"
#include "sys/init_system.hpp"

namespace latchkey {

Findings check_fstab(const Paths& paths, const EarlyInputs& inputs) {
  std::vector<Claim> claims;
  if (inputs.volumes)
    for (const Volume& volume : *inputs.volumes) claims.push_back(claim(volume));
  // Only systemd has units for mounts, which can be held.
  if (init_system() == InitSystem::sysvinit)
    for (Claim& one : claims) one.volume.clear();
  if (inputs.config)
    claims.push_back(claim("the keys volume", inputs.config->keys.device,
                           inputs.config->keys.mapping, inputs.config->keys.uuid));
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
  look("/etc/crypttab",
       [&](const std::string& text, const std::string& path, const std::vector<Claim>& all,
           const Resolve& real) { return crypttab_conflicts(text, path, all, real, is_there); });
  return out;
}

void tell_of_fstab(const Paths& paths) {
  tell_as_warnings(check_fstab(paths, read_early_inputs(paths)));
}

}  // namespace latchkey
