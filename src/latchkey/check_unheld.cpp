// SPDX-License-Identifier: GPL-3.0-or-later
// Services with data on a volume that nobody held: each boot they race with the release, and
// may begin anew on the empty mount point. Those of packages are known by the packages' files,
// those that the owner wrote by what stands in their units, those that start containers and
// virtual machines by what these use.
#include <algorithm>
#include <string>
#include <utility>

#include "core/copies_above.hpp"
#include "core/hold.hpp"
#include "core/text.hpp"
#include "core/way_in.hpp"
#include "latchkey/check.hpp"
#include "latchkey/say.hpp"
#include "latchkey/unheld.hpp"
#include "sys/disk_health.hpp"
#include "sys/init_system.hpp"
#include "sys/own_units.hpp"
#include "sys/packages.hpp"

namespace latchkey {
namespace {

// A package with a held unit is its owner's choice already.
Closed all_places(const Setup& setup) {
  Closed out;
  for (const Service& service : setup.services) out.units.push_back({service.unit});
  for (const Volume& volume : setup.volumes)
    if (!volume.mount_point.empty() && !mounted_by_system(volume))
      out.places.push_back({volume.mount_point, volume.name, true});
  return out;
}

std::string reason(const PackageClaim& claim) {
  const std::string one = claim.volumes.size() == 1 ? "on " : "";
  return "its package '" + printable(claim.package) + "' has files " + one +
         where_mounted(claim.place, claim.volumes);
}

// The volumes whose mount points the owner's files of a unit name, or copy with what is above.
struct Use {
  std::string place{};  ///< the first of the mount points
  std::vector<std::string> volumes{};
  bool named = false;  ///< not all are merely copied
};

Use use_of(const OwnUnit& unit, const Setup& setup) {
  Use out;
  for (const Volume& volume : setup.volumes) {
    if (volume.mount_point.empty() || mounted_by_system(volume)) continue;
    const bool named = service_uses(unit.settings, volume.mount_point);
    if (!named && (service_asks_first(unit.settings) ||
                   !service_copies_above(unit.settings, volume.mount_point)))
      continue;
    out.named = out.named || named;
    if (out.volumes.empty()) out.place = volume.mount_point;
    out.volumes.push_back(volume.name);
  }
  return out;
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
  add_unheld(out, paths, unit,
             std::string("its unit ") + (use.named ? "names " : "copies a directory above ") +
                 (use.volumes.size() > 1 ? "places " : "") + where_mounted(use.place, use.volumes),
             use.volumes);
}

bool can_start(const std::string& unit) {
  return unit.ends_with(".service") || unit.ends_with(".timer") || unit.ends_with(".socket") ||
         unit.ends_with(".path");
}

// What starts at boot of a package's unit and is not held: the unit itself, or a template's
// instances.
std::vector<std::string> started_of(const Paths& paths, const Setup& setup,
                                    const std::string& unit) {
  std::vector<std::string> out;
  if (is_way_in(unit)) return out;
  if (!is_template(unit)) {
    if (starts_by_itself(paths, unit)) out.push_back(unit);
    return out;
  }
  for (const EnabledUnit& enabled : enabled_units(paths.root))
    if (enabled.name != unit && template_of(enabled.name) == unit &&
        !is_held(setup, enabled.name) && !is_way_in(enabled.name))
      out.push_back(enabled.name);
  return out;
}

// The claims that dpkg knows of; none where there is no dpkg.
void judge_packages(Findings& out, const Paths& paths, const Setup& setup) {
  const auto claims = claims_on_installed(all_places(setup), paths.root);
  if (!claims) return;
  for (const PackageClaim& claim : *claims) {
    if (!claim.unit.empty()) continue;
    for (const std::string& unit : services_of(claim.package, paths.root))
      for (const std::string& one : started_of(paths, setup, unit))
        add_unheld(out, paths, one, reason(claim), claim.volumes);
  }
}

}  // namespace

Findings check_unheld(const Paths& paths, const Setup& setup) {
  Findings out;
  const bool mounted = !all_places(setup).places.empty();
  if (mounted) judge_packages(out, paths, setup);
  judge_guests(out, paths, setup);
  if (!mounted || init_system() == InitSystem::sysvinit) return out;
  for (const EnabledUnit& enabled : enabled_units(paths.root))
    if (can_start(enabled.name)) judge_own(out, paths, setup, enabled);
  judge_podman_units(out, paths, setup);
  judge_quadlets(out, paths, setup);
  return out;
}

void tell_of_unheld(const Paths& paths, const std::string& volume) {
  auto setup = load_setup(paths);
  if (!setup || !silent_volumes(setup->volumes).empty()) return;
  std::erase_if(setup->volumes, [&](const Volume& other) { return other.name != volume; });
  for (const Finding& finding : check_unheld(paths, *setup)) report_warning(finding.text);
}

}  // namespace latchkey
