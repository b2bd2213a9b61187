// SPDX-License-Identifier: GPL-3.0-or-later
// Services with data on a volume that nobody held: each boot they race with the release, and
// may begin anew on the empty mount point.
#include <algorithm>
#include <filesystem>

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

Error unheld(const std::string& unit, const PackageClaim& claim) {
  return {Code::partial, "'" + printable(unit) + "' is not held",
          "its package '" + printable(claim.package) + "' has files " +
              (claim.volumes.size() == 1 ? "on '" + printable(claim.place) + "', where " +
                                               quoted_list(claim.volumes) + " is mounted"
                                         : "where " + quoted_list(claim.volumes) + " are mounted") +
              ": each boot it may start before that",
          "run: latchkey hold " + shell_word(printable(unit)) + " --needs " + join(claim.volumes, " ")};
}

// What the boot wants before any release cannot be held: no warning that nothing ends, but it is
// told where such a volume is made.
Finding judge(const Paths& paths, const std::string& unit, const PackageClaim& claim) {
  Error text = unheld(unit, claim);
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

}  // namespace

Findings check_unheld(const Paths& paths, const Setup& setup) {
  Findings out;
  const Closed places = all_places(setup);
  if (places.places.empty()) return out;
  const auto claims = claims_on_installed(places, paths.root);
  if (!claims) return out;  // no dpkg, no packages
  for (const PackageClaim& claim : *claims) {
    if (!claim.unit.empty()) continue;
    for (const std::string& unit : services_of(claim.package, paths.root))
      if (!is_way_in(unit) && !is_template(unit) && starts_by_itself(paths, unit))
        out.push_back(judge(paths, unit, claim));
  }
  return out;
}

void tell_of_unheld(const Paths& paths, const std::string& volume) {
  auto setup = load_setup(paths);
  if (!setup) return;
  std::erase_if(setup->volumes, [&](const Volume& other) { return other.name != volume; });
  for (const Finding& finding : check_unheld(paths, *setup)) report_warning(finding.text);
}

}  // namespace latchkey
