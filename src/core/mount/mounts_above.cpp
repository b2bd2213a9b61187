// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mount/mounts_above.hpp"

#include <algorithm>

#include "core/mount/fstab_line.hpp"
#include "core/units/unit_name.hpp"

namespace latchkey {

std::vector<MountAbove> mounts_above(std::string_view fstab, const Setup& setup,
                                     const Volume& volume) {
  std::vector<MountAbove> out;
  for (const std::string_view raw : split_lines(fstab)) {
    const auto line = parse_fstab_line(raw);
    if (!line || line->swap() || line->has("noauto") || line->place == "/" ||
        line->place == volume.mount_point || !lies_on(volume.mount_point, line->place) ||
        std::ranges::find(setup.volumes, line->place, &Volume::mount_point) != setup.volumes.end())
      continue;
    const std::string unit = mount_unit(line->place);
    const bool waits =
        line->after(release_unit) ||
        std::ranges::find(setup.services, unit, &Service::unit) != setup.services.end();
    out.push_back({line->place, waits ? "" : unit});
  }
  std::ranges::stable_sort(out, {}, [](const MountAbove& one) { return one.place.size(); });
  return out;
}

}  // namespace latchkey
