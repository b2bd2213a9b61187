// SPDX-License-Identifier: GPL-3.0-or-later
// Services with data on a volume that nobody held: each boot they race with the release, and
// may begin anew on the empty mount point. Those of packages are known by the packages' files and
// what their installation makes, all by what stands in their units, those that start containers
// and virtual machines by what these use.
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "core/base/text.hpp"
#include "core/hold/copies_above.hpp"
#include "core/hold/cron_lines.hpp"
#include "core/hold/hold.hpp"
#include "core/mount/fstab_line.hpp"
#include "core/units/way_in.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/check/unheld.hpp"
#include "latchkey/cli/say.hpp"
#include "sys/base/fd.hpp"
#include "sys/hold/init_system.hpp"
#include "sys/hold/own_units.hpp"
#include "sys/hold/packages.hpp"
#include "sys/mount/volume_links.hpp"
#include "sys/storage/disk_health.hpp"

namespace latchkey {
namespace {

// A package with a held unit is its owner's choice already.
Closed all_places(const Setup& setup, const std::vector<PlacedVolume>& volumes) {
  Closed out;
  for (const Service& service : setup.services) out.units.push_back({service.unit});
  for (const PlacedVolume& on : volumes)
    for (const std::string& place : on.places) out.places.push_back({place, on.volume->name, true});
  return out;
}

std::string reason(const PackageClaim& claim) {
  const std::string one = claim.volumes.size() == 1 ? "on " : "";
  return "its package '" + printable(claim.package) +
         (claim.by_script ? "' is set up " : "' has files ") + one +
         where_mounted(claim.place, claim.volumes);
}

// The volumes whose mount points the owner's files of a unit name, or copy with what is above.
struct Use {
  std::string place{};  ///< the first of the mount points
  std::vector<std::string> volumes{};
  bool named = false;  ///< not all are merely copied
  bool home = false;   ///< the first is where the person lives as whom it runs
};

// The home of the person as whom a unit runs; empty for an account of the system's, which seldom
// has anything there.
std::string home_of(const Paths& paths, const std::string& unit, const OwnUnit& own) {
  constexpr unsigned long first_person = 1000;
  constexpr unsigned long nobody = 65534;
  std::string user = value_of(own.settings, "User");
  if (user == "%i" || user == "%I") {
    const std::size_t at = unit.find('@');
    user = at == std::string::npos ? "" : unit.substr(at + 1, unit.rfind('.') - at - 1);
  }
  const auto passwd = read_file(paths.root + "/etc/passwd");
  if (!passwd || user.empty()) return {};
  for (const std::string_view line : split_lines(*passwd)) {
    const auto fields = split(std::string(line), ':');
    if (fields.size() < 6 || fields[0] != user) continue;
    const auto id = parse_number(fields[2], 0xffffffffUL);
    return id && *id >= first_person && *id != nobody ? fields[5] : std::string();
  }
  return {};
}

// `home`: that of the person as whom it runs.
Use use_of(const OwnUnit& unit, const std::vector<PlacedVolume>& volumes, const std::string& home) {
  Use out;
  for (const PlacedVolume& on : volumes) {
    const Volume& volume = *on.volume;
    const bool at_home = lies_on(home, volume.mount_point);
    const bool named = at_home || std::ranges::any_of(on.places, [&](const std::string& place) {
                         return service_uses(unit.settings, place);
                       });
    if (!named && (service_asks_first(unit.settings) ||
                   !service_copies_above(unit.settings, volume.mount_point)))
      continue;
    out.named = out.named || named;
    if (out.volumes.empty()) {
      out.place = volume.mount_point;
      out.home = at_home;
    }
    out.volumes.push_back(volume.name);
  }
  return out;
}

// The volumes of which `names` says so for one of their places.
Use named_by(const std::vector<PlacedVolume>& volumes,
             const std::function<bool(const PlacedVolume&, const std::string& place)>& names) {
  Use out{.named = true};
  for (const PlacedVolume& on : volumes) {
    if (std::ranges::none_of(on.places, [&](const std::string& place) { return names(on, place); }))
      continue;
    if (out.volumes.empty()) out.place = on.volume->mount_point;
    out.volumes.push_back(on.volume->name);
  }
  return out;
}

// `'/srv/www', where …`; `places` stands before it where there are several.
std::string places_of(const Use& use) {
  return (use.volumes.size() > 1 ? "places " : "") + where_mounted(use.place, use.volumes);
}

// A timer's service is started again and again: one that asks first does no harm.
void judge_own(Findings& out, const Paths& paths, const Setup& setup,
               const std::vector<PlacedVolume>& volumes, const EnabledUnit& enabled) {
  const bool service = enabled.name.ends_with(".service");
  const OwnUnit trigger = service ? OwnUnit{} : whole_unit(paths.root, enabled.name);
  const std::string unit = service ? enabled.name : started_by(enabled.name, trigger.settings);
  if (is_way_in(unit) || is_held(setup, unit)) return;
  // Held, the unit takes along what starts it.
  const Use watched = named_by(volumes, [&](const PlacedVolume&, const std::string& place) {
    return trigger_watches(trigger.settings, place);
  });
  if (!watched.volumes.empty())
    return add_unheld(
        out, paths, unit,
        "'" + printable(enabled.name) + "', which starts it, watches " + places_of(watched),
        watched.volumes);
  const OwnUnit own = whole_unit(paths.root, unit);
  const Use use = use_of(own, volumes, home_of(paths, unit, own));
  if (use.volumes.empty() || (!service && service_asks_first(own.settings))) return;
  add_unheld(out, paths, unit,
             use.home
                 ? "it runs as somebody whose home is on " + where_mounted(use.place, use.volumes)
                 : std::string("its unit ") + (use.named ? "names " : "copies a directory above ") +
                       places_of(use),
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
void judge_packages(Findings& out, const Paths& paths, const Setup& setup,
                    const std::vector<PlacedVolume>& volumes) {
  const auto claims = claims_on_installed(all_places(setup, volumes), paths.root);
  if (!claims) return;
  for (const PackageClaim& claim : *claims) {
    if (!claim.unit.empty()) continue;
    for (const std::string& unit : services_of(claim.package, paths.root))
      for (const std::string& one : started_of(paths, setup, unit))
        add_unheld(out, paths, one, reason(claim), claim.volumes);
  }
}

// systemd starts it, when it can be run, by a unit that no file of the owner's names.
void judge_rc_local(Findings& out, const Paths& paths, const Setup& setup,
                    const std::vector<PlacedVolume>& volumes) {
  const std::string file = paths.root + "/etc/rc.local";
  if (::access(file.c_str(), X_OK) != 0 || is_held(setup, "rc-local.service")) return;
  const auto text = read_file(file);
  if (!text) return;
  const Use use = named_by(volumes, [&](const PlacedVolume& on, const std::string& place) {
    return unguarded_script_line(*text, place, on.is_mounted_on(place)).has_value();
  });
  if (!use.volumes.empty())
    add_unheld(out, paths, "rc-local.service", "/etc/rc.local names " + places_of(use),
               use.volumes);
}

}  // namespace

Findings check_unheld(const Paths& paths, const Setup& setup) {
  Findings out;
  const auto volumes = placed_volumes(paths.root, setup.volumes);
  if (!volumes.empty()) judge_packages(out, paths, setup, volumes);
  judge_guests(out, paths, setup);
  if (volumes.empty() || init_system() == InitSystem::sysvinit) return out;
  for (const EnabledUnit& enabled : enabled_units(paths.root))
    if (can_start(enabled.name)) judge_own(out, paths, setup, volumes, enabled);
  judge_rc_local(out, paths, setup, volumes);
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
