// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/closed_holds.hpp"

#include <unistd.h>

#include <algorithm>

#include "core/config/volume.hpp"
#include "core/hold/hold.hpp"
#include "guard/readable.hpp"
#include "latchkey/cli/say.hpp"
#include "sys/mount/mount.hpp"
#include "sys/storage/probe.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

// Without the file there is no volume.
void warn_unless_missing(const Error& error) {
  if (error.code != Code::missing) report_warning(error);
}

// The volumes that are not as a release leaves them.
std::vector<const Volume*> closed_volumes(const Setup& setup) {
  Facts facts = probe_volumes(setup);
  probe_mounts(facts, setup);
  std::vector<const Volume*> out;
  for (const Volume& volume : setup.volumes)
    if (!volume_up(volume, facts.volumes[volume.name])) out.push_back(&volume);
  return out;
}

// A unit may stand in the file under another name than its own.
std::string own_name(const std::string& unit) {
  if (is_template(unit)) return unit;
  const auto shown = show_units({unit});
  if (!shown || shown->empty() || !valid_unit_name((*shown)[0].id)) return unit;
  return (*shown)[0].id;
}

}  // namespace

Closed find_closed(const Globals& globals) {
  Setup setup;
  setup.volumes = readable_volumes(globals.paths, warn_unless_missing);
  const Holds holds =
      read_holds(text_of(globals.paths.etc("services"), report_warning), "", setup.volumes);
  for (const std::string& problem : holds.problems) report_warning({Code::config, problem});

  Closed out;
  const auto closed = closed_volumes(setup);
  for (const Volume* volume : closed)
    if (!volume->mount_point.empty()) out.places.push_back({volume->mount_point, volume->name});
  const bool ask_systemd = globals.paths.root.empty() && systemd_runs();
  for (const HeldUnit& held : holds.units) {
    ClosedUnit unit{held.unit};
    for (const Volume* volume : closed)
      if (std::ranges::find(held.mount_points, volume->mount_point) != held.mount_points.end() ||
          std::ranges::find(held.devices, mapping_path(*volume)) != held.devices.end())
        unit.volumes.push_back(volume->name);
    const bool known = !held.mount_points.empty() || !held.devices.empty();
    const std::string marker = globals.paths.run(marker_of(held.unit));
    if (known ? unit.volumes.empty() : ::access(marker.c_str(), F_OK) == 0) continue;
    if (ask_systemd)
      if (const std::string name = own_name(held.unit); name != held.unit)
        out.units.push_back({name, unit.volumes});
    out.units.push_back(std::move(unit));
  }
  return out;
}

}  // namespace latchkey
