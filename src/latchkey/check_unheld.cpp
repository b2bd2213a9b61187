// SPDX-License-Identifier: GPL-3.0-or-later
// Services with data on a volume that nobody held: each boot they race with the release, and
// may begin anew on the empty mount point. Those of packages are known by the packages' files,
// those that the owner wrote by what stands in their units.
#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/hold.hpp"
#include "core/init_script.hpp"
#include "core/lists.hpp"
#include "core/shell_word.hpp"
#include "core/text.hpp"
#include "core/unit_order.hpp"
#include "core/way_in.hpp"
#include "latchkey/check.hpp"
#include "latchkey/say.hpp"
#include "sys/fd.hpp"
#include "sys/init_system.hpp"
#include "sys/own_units.hpp"
#include "sys/packages.hpp"
#include "sys/rc_links.hpp"
#include "sys/systemd.hpp"
#include "sys/unit_order.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

bool starts_by_itself(const Paths& paths, const std::string& unit) {
  const std::string place = paths.root + "/etc/systemd/system/";
  std::error_code failed;
  if (fs::read_symlink(place + unit, failed) == "/dev/null") return false;
  const auto wanted_in = [&](const std::string& name) {
    return (name.ends_with(".wants") || name.ends_with(".requires")) &&
           fs::is_symlink(place + name + "/" + unit, failed);
  };
  return std::ranges::any_of(names_in(place), wanted_in) ||
         starts_at_boot(links_of(paths, unit.substr(0, unit.rfind('.'))));
}

// A package with a held unit is its owner's choice already.
Closed all_places(const Setup& setup) {
  Closed out;
  for (const Service& service : setup.services) out.units.push_back({service.unit});
  for (const Volume& volume : setup.volumes)
    if (!volume.mount_point.empty() && !mounted_by_system(volume))
      out.places.push_back({volume.mount_point, volume.name, true});
  return out;
}

Error unheld(const std::string& unit, const std::string& why,
             const std::vector<std::string>& volumes) {
  return {Code::partial, "'" + printable(unit) + "' is not held",
          why + ": each boot it may start before that",
          "run: latchkey hold " + shell_word(printable(unit)) + " --needs " + join(volumes, " ")};
}

std::string where_mounted(const std::string& place, const std::vector<std::string>& volumes) {
  if (volumes.size() > 1) return "where " + quoted_list(volumes) + " are mounted";
  return "'" + printable(place) + "', where " + quoted_list(volumes) + " is mounted";
}

Error unheld(const std::string& unit, const PackageClaim& claim) {
  const std::string one = claim.volumes.size() == 1 ? "on " : "";
  return unheld(unit,
                "its package '" + printable(claim.package) + "' has files " + one +
                    where_mounted(claim.place, claim.volumes),
                claim.volumes);
}

// What the boot wants before any release cannot be held: no warning that nothing ends, but it is
// told where such a volume is made.
Finding judge(const Paths& paths, const std::string& unit, Error text) {
  if (paths.root.empty() && systemd_runs())
    if (const auto reached = reached_before_release({unit}, ordered_before)) {
      text.why += "; it cannot be held, since the boot wants it before " + printable(*reached);
      text.hint =
          "mount the volume elsewhere, or have a program in /etc/latchkey/hooks.d/released "
          "run: systemctl restart " +
          shell_word(printable(unit));
      return {Finding::Level::ok, std::move(text)};
    }
  return doubtful(std::move(text));
}

// The volumes whose mount points the owner's files of a unit name.
struct Use {
  std::string place{};  ///< the first of the mount points
  std::vector<std::string> volumes{};
};

Use use_of(const OwnUnit& unit, const Setup& setup) {
  Use out;
  for (const Volume& volume : setup.volumes) {
    if (volume.mount_point.empty() || mounted_by_system(volume)) continue;
    if (!service_uses(unit.settings, volume.mount_point)) continue;
    if (out.volumes.empty()) out.place = volume.mount_point;
    out.volumes.push_back(volume.name);
  }
  return out;
}

bool is_held(const Setup& setup, const std::string& unit) {
  return std::ranges::find(setup.services, unit, &Service::unit) != setup.services.end();
}

// A timer's service is started again and again: one that asks first does no harm.
void judge_own(Findings& out, const Paths& paths, const Setup& setup, const EnabledUnit& enabled) {
  const bool service = enabled.name.ends_with(".service");
  const std::string unit =
      service ? enabled.name
              : started_by(enabled.name, own_unit(paths.root, enabled.name).settings);
  if (is_way_in(unit) || is_held(setup, unit)) return;
  const OwnUnit own = own_unit(paths.root, unit);
  const Use use = use_of(own, setup);
  if (use.volumes.empty() || (!service && service_asks_first(own.settings))) return;
  Error text = unheld(unit,
                      "its unit names " + std::string(use.volumes.size() > 1 ? "places " : "") +
                          where_mounted(use.place, use.volumes),
                      use.volumes);
  const auto told = [&](const Finding& finding) { return finding.text.what == text.what; };
  if (std::ranges::none_of(out, told)) out.push_back(judge(paths, unit, std::move(text)));
}

bool can_start(const std::string& unit) {
  return unit.ends_with(".service") || unit.ends_with(".timer") || unit.ends_with(".socket") ||
         unit.ends_with(".path");
}

// The claims that dpkg knows of; none where there is no dpkg.
void judge_packages(Findings& out, const Paths& paths, const Setup& setup) {
  const auto claims = claims_on_installed(all_places(setup), paths.root);
  if (!claims) return;
  for (const PackageClaim& claim : *claims) {
    if (!claim.unit.empty()) continue;
    for (const std::string& unit : services_of(claim.package, paths.root))
      if (!is_way_in(unit) && !is_template(unit) && starts_by_itself(paths, unit))
        out.push_back(judge(paths, unit, unheld(unit, claim)));
  }
}

}  // namespace

Findings check_unheld(const Paths& paths, const Setup& setup) {
  Findings out;
  if (all_places(setup).places.empty()) return out;
  judge_packages(out, paths, setup);
  if (init_system() == InitSystem::sysvinit) return out;
  for (const EnabledUnit& enabled : enabled_units(paths.root))
    if (can_start(enabled.name)) judge_own(out, paths, setup, enabled);
  return out;
}

void tell_of_unheld(const Paths& paths, const std::string& volume) {
  auto setup = load_setup(paths);
  if (!setup) return;
  std::erase_if(setup->volumes, [&](const Volume& other) { return other.name != volume; });
  for (const Finding& finding : check_unheld(paths, *setup)) report_warning(finding.text);
}

}  // namespace latchkey
