// SPDX-License-Identifier: GPL-3.0-or-later
// Containers and virtual machines that use a volume: no package has their files, and no unit of
// the owner's names their places. What is bound into a container before the mount stays the empty
// directory in it.
#include <algorithm>
#include <functional>

#include "core/base/lists.hpp"
#include "core/base/text.hpp"
#include "core/hold/guest_uses.hpp"
#include "core/mount/fstab_line.hpp"
#include "core/units/way_in.hpp"
#include "latchkey/check/unheld.hpp"
#include "sys/hold/guests.hpp"
#include "sys/hold/own_units.hpp"

namespace latchkey {
namespace {

// The volumes that some guests of one service need, and which guests.
struct GuestNeeds {
  std::vector<std::string> guests{};
  std::vector<std::string> volumes{};
  std::string where{};  ///< of the first volume
};

// What is bound before a mount below it keeps the empty directory there. All of the machine is
// taken by who only watches it.
bool has_below(const GuestUse& guest, const std::string& path, const std::string& place) {
  return path != "/" && path != place && lies_on(place, path) &&
         std::ranges::find(guest.follow, path) == guest.follow.end();
}

void add_needs(GuestNeeds& out, const GuestUse& guest, const Setup& setup) {
  for (const Volume& volume : setup.volumes) {
    const std::string mapping = mapping_path(volume);
    const auto needs = [&](const std::string& path) {
      return path == mapping || (is_released(volume) && lies_on(path, volume.mount_point));
    };
    const auto holds = [&](const std::string& path) {
      return is_released(volume) && has_below(guest, path, volume.mount_point);
    };
    auto path = std::ranges::find_if(guest.paths, needs);
    const bool below = path == guest.paths.end();
    if (below) path = std::ranges::find_if(guest.paths, holds);
    if (path == guest.paths.end()) continue;
    if (out.volumes.empty())
      out.where = (below ? "'" + printable(*path) + "' with " : "") +
                  (*path == mapping ? "'" + mapping + "', where '" + volume.name + "' is opened"
                                    : where_mounted(volume.mount_point, {volume.name}));
    add_once(out.guests, guest.what);
    add_once(out.volumes, volume.name);
  }
}

std::string reason(const GuestNeeds& needs) {
  constexpr std::size_t most = 3;
  std::vector<std::string> shown = needs.guests;
  if (shown.size() > most) shown.resize(most);
  std::string out = "its " + join(shown, ", ");
  if (needs.guests.size() > most)
    out += " and " + std::to_string(needs.guests.size() - most) + " more";
  out += needs.guests.size() == 1 ? " needs " : " need ";
  return out +
         (needs.volumes.size() == 1 ? needs.where : "the volumes " + quoted_list(needs.volumes));
}

// What guests use is read where it is judged alone: their files may lie on a volume whose disk
// hangs.
void judge_service(Findings& out, const Paths& paths, const Setup& setup, const std::string& unit,
                   const std::function<std::vector<GuestUse>()>& guests) {
  if (is_held(setup, unit) || !starts_by_itself(paths, unit)) return;
  GuestNeeds needs;
  for (const GuestUse& guest : guests()) add_needs(needs, guest, setup);
  if (!needs.volumes.empty()) add_unheld(out, paths, unit, reason(needs), needs.volumes);
}

}  // namespace

void judge_guests(Findings& out, const Paths& paths, const Setup& setup) {
  judge_service(out, paths, setup, "docker.service", [&] { return docker_uses(paths.root); });
  judge_service(out, paths, setup, "podman-restart.service",
                [&] { return podman_uses(paths.root); });
  judge_service(out, paths, setup, "lxc.service", [&] { return lxc_uses(paths.root); });
  for (const NspawnGuest& guest : nspawn_guests(paths.root))
    judge_service(out, paths, setup, guest.unit, [&] { return std::vector{guest.use}; });
  judge_service(out, paths, setup, "containerd.service",
                [&] { return std::vector{containerd_use(paths.root)}; });
  // One daemon for all, or one for each kind of guest; the last starts those that ran before.
  for (const char* unit : {"libvirtd.service", "virtqemud.service", "libvirt-guests.service"})
    judge_service(out, paths, setup, unit, [&] { return libvirt_uses(paths.root); });
}

void judge_podman_units(Findings& out, const Paths& paths, const Setup& setup) {
  const std::vector<PodmanGuest> all = podman_guests(paths.root);
  if (all.empty()) return;
  for (const EnabledUnit& enabled : enabled_units(paths.root)) {
    if (is_held(setup, enabled.name) || is_way_in(enabled.name)) continue;
    GuestNeeds needs;
    for (const std::string& word : podman_started(own_unit(paths.root, enabled.name).settings))
      for (const PodmanGuest& guest : all)
        if (word == guest.name || guest.id.starts_with(word)) add_needs(needs, guest.use, setup);
    if (!needs.volumes.empty()) add_unheld(out, paths, enabled.name, reason(needs), needs.volumes);
  }
}

void judge_quadlets(Findings& out, const Paths& paths, const Setup& setup) {
  const std::vector<Quadlet> all = own_quadlets(paths.root);
  for (const Quadlet& quadlet : all) {
    const std::string unit = unit_of_quadlet(quadlet);
    if (is_held(setup, unit) || is_way_in(unit) || !quadlet_starts(quadlet, all)) continue;
    std::vector<std::string> volumes;
    std::string place;
    for (const Volume& volume : setup.volumes) {
      if (!is_released(volume) || !quadlet_uses(quadlet, all, volume.mount_point)) continue;
      if (volumes.empty()) place = volume.mount_point;
      volumes.push_back(volume.name);
    }
    if (volumes.empty()) continue;
    add_unheld(out, paths, unit,
               "its quadlet '" + printable(quadlet.file) + "' names " +
                   (volumes.size() > 1 ? "places " : "") + where_mounted(place, volumes),
               volumes);
  }
}

}  // namespace latchkey
