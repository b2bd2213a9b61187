// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/plan.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

const VolumeFacts& facts_of(const Facts& facts, const std::string& volume) {
  static const VolumeFacts nothing{};
  const auto found = facts.volumes.find(volume);
  return found == facts.volumes.end() ? nothing : found->second;
}

const UnitFacts& unit_facts(const Facts& facts, const std::string& unit) {
  static const UnitFacts nothing{};
  const auto found = facts.units.find(unit);
  return found == facts.units.end() ? nothing : found->second;
}

// What steps make.
const std::string keys_read = "keys";
std::string device_of(const std::string& volume) { return "device " + volume; }
std::string open_of(const std::string& volume) { return "open " + volume; }
std::string mounted_of(const std::string& volume) { return "mounted " + volume; }
std::string checked_of(const std::string& volume) { return "checked " + volume; }
std::string stopped_of(const std::string& unit) { return "stopped " + unit; }
std::string closed_of(const std::string& volume) { return "closed " + volume; }
std::string unmounted_of(const std::string& volume) { return "unmounted " + volume; }

Error taken(const Volume& volume, const std::string& why) {
  return {Code::busy, "cannot bring up '" + volume.name + "'", why,
          "free it, or change it in /etc/latchkey/volumes; then: release-services"};
}

// It can be mounted under running services only by who knows them.
Error not_mounted_by_system(const Volume& volume) {
  return {Code::refused, "'" + volume.name + "' is not mounted on " + volume.mount_point,
          "only the system itself can do that, early in its boot",
          "see that /etc/fstab has a line for " + volume.mount_point + ", then reboot"};
}

bool below(const std::string& path, const std::string& parent) {
  return path.size() > parent.size() && path.starts_with(parent) && path[parent.size()] == '/';
}

// The open volumes that lie on `volume`.
std::vector<const Volume*> upon(const Setup& setup, const Facts& facts, const Volume& volume) {
  std::vector<const Volume*> out;
  for (const Volume& other : setup.volumes)
    if (facts_of(facts, other.name).on.contains(volume.name)) out.push_back(&other);
  return out;
}

// The volumes on whose file system the mount point of `volume` lies.
std::vector<const Volume*> parents(const Setup& setup, const Volume& volume) {
  std::vector<const Volume*> out;
  for (const Volume& other : setup.volumes)
    if (!other.mount_point.empty() && below(volume.mount_point, other.mount_point))
      out.push_back(&other);
  return out;
}

// Mount points nearer to the root come first, so that a plan reads in order.
std::vector<const Volume*> by_depth(const Setup& setup) {
  std::vector<const Volume*> out;
  for (const Volume& volume : setup.volumes)
    if (!volume.mount_point.empty()) out.push_back(&volume);
  std::ranges::stable_sort(
      out, {}, [](const Volume* volume) { return std::ranges::count(volume->mount_point, '/'); });
  return out;
}

// Made when every service that needs `volume` has stopped.
std::vector<std::string> stops_of(const Setup& setup, const Volume& volume) {
  std::vector<std::string> out;
  for (const Service& service : setup.services)
    for (const Volume* needed : needed_volumes(service, setup.volumes))
      if (needed == &volume) out.push_back(stopped_of(service.unit));
  return out;
}

// What has to be so before `volume` is closed. One that is mounted nowhere itself may be the
// journal of another's file system, or a part of it: that is not known here.
std::vector<std::string> close_needs(const Setup& setup, const Facts& facts, const Volume& volume) {
  std::vector<std::string> out;
  if (!volume.mount_point.empty()) {
    out.push_back(unmounted_of(volume.name));
  } else {
    out = stops_of(setup, volume);
    for (const Volume* other : by_depth(setup))
      if (facts_of(facts, other->name).mounted && !mounted_by_system(*other))
        out.push_back(unmounted_of(other->name));
  }
  for (const Volume* other : upon(setup, facts, volume)) out.push_back(closed_of(other->name));
  return out;
}

struct Describe {
  std::string operator()(const ActivateLvs& a) const { return "activate " + join(a.names, ", "); }
  std::string operator()(const FindDevice& a) const {
    return a.volume.empty() ? "find the keys volume" : "find '" + a.volume + "'";
  }
  std::string operator()(const ReadKeys&) const { return "read the keys"; }
  std::string operator()(const OpenVolume& a) const { return "open '" + a.volume + "'"; }
  std::string operator()(const CheckFs& a) const { return "check '" + a.volume + "'"; }
  std::string operator()(const MountFs& a) const { return "mount '" + a.volume + "'"; }
  std::string operator()(const ReleaseUnit& a) const { return "release '" + a.unit + "'"; }
  std::string operator()(const StopUnit& a) const { return "stop '" + a.unit + "'"; }
  std::string operator()(const UnmountFs& a) const { return "unmount '" + a.volume + "'"; }
  std::string operator()(const CloseVolume& a) const { return "close '" + a.volume + "'"; }
  std::string operator()(const Refuse& a) const { return a.error.what; }
};

}  // namespace

const Volume* unmounted_parent(const Setup& setup, const Facts& facts, const Volume& volume) {
  for (const Volume* parent : parents(setup, volume))
    if (!facts_of(facts, parent->name).mounted) return parent;
  return nullptr;
}

bool volume_up(const Volume& volume, const VolumeFacts& fact) {
  return volume.mount_point.empty() ? fact.open : fact.mounted;
}

std::vector<const Volume*> lacking_volumes(const Service& service, const Setup& setup,
                                           const Facts& facts) {
  auto lacking = needed_volumes(service, setup.volumes);
  std::erase_if(lacking, [&](const Volume* volume) {
    return volume_up(*volume, facts_of(facts, volume->name));
  });
  return lacking;
}

std::string describe(const Action& action) { return std::visit(Describe{}, action); }

bool unlock_needed(const Setup& setup, const Facts& facts) {
  return std::ranges::any_of(setup.volumes, [&](const Volume& volume) {
    const auto found = facts.volumes.find(volume.name);
    return found == facts.volumes.end() || !found->second.open;
  });
}

Plan plan_unlock(const Setup& setup, const Facts& facts) {
  Plan plan;
  std::vector<const Volume*> closed;
  std::vector<std::string> absent;
  const auto note_absent = [&](const DeviceRef& device, bool there) {
    if (!there) absent.push_back(device.text());
  };
  for (const Volume& volume : setup.volumes) {
    const VolumeFacts& fact = facts_of(facts, volume.name);
    if (fact.open) {
      plan.have.insert(open_of(volume.name));
      continue;
    }
    if (!fact.taken.empty()) {
      plan.steps.push_back({Refuse{taken(volume, fact.taken)}, {}, "", volume.name});
      continue;
    }
    closed.push_back(&volume);
    note_absent(volume.device, fact.device);
  }
  if (closed.empty()) return plan;

  note_absent(setup.config.keys.device, facts.keys.device);
  if (!absent.empty()) plan.steps.push_back({ActivateLvs{absent}, {}, "", ""});
  plan.steps.push_back({FindDevice{""}, {}, device_of(""), ""});
  plan.steps.push_back({ReadKeys{}, {device_of("")}, keys_read, ""});
  // What is not there yet may lie on another volume, so its time begins with the keys.
  for (const Volume* volume : closed) {
    std::vector<std::string> needs;
    if (!facts_of(facts, volume->name).device) needs.push_back(keys_read);
    plan.steps.push_back({FindDevice{volume->name}, needs, device_of(volume->name), volume->name});
  }
  for (const Volume* volume : closed)
    plan.steps.push_back({OpenVolume{volume->name},
                          {keys_read, device_of(volume->name)},
                          open_of(volume->name),
                          volume->name});
  return plan;
}

void plan_release(Plan& plan, const Setup& setup, const Facts& facts) {
  for (const Volume* volume : by_depth(setup)) {
    const VolumeFacts& fact = facts_of(facts, volume->name);
    if (fact.open) plan.have.insert(open_of(volume->name));
    if (fact.mounted) {
      plan.have.insert(mounted_of(volume->name));
      continue;
    }
    if (fact.open && !fact.taken.empty()) {
      plan.steps.push_back({Refuse{taken(*volume, fact.taken)}, {}, "", volume->name});
      continue;
    }
    if (mounted_by_system(*volume)) {
      plan.steps.push_back({Refuse{not_mounted_by_system(*volume)}, {}, "", volume->name});
      continue;
    }
    std::vector<std::string> needs{open_of(volume->name)};
    if (setup.config.release.fsck && volume->fsck) {
      plan.steps.push_back({CheckFs{volume->name}, needs, checked_of(volume->name), volume->name});
      needs = {checked_of(volume->name)};
    }
    for (const Volume* parent : parents(setup, *volume)) needs.push_back(mounted_of(parent->name));
    plan.steps.push_back({MountFs{volume->name}, needs, mounted_of(volume->name), volume->name});
  }
  for (const Service& service : setup.services) {
    const UnitFacts& fact = unit_facts(facts, service.unit);
    if (fact.released && fact.active) continue;
    std::vector<std::string> needs;
    for (const Volume* volume : needed_volumes(service, setup.volumes))
      needs.push_back(volume->mount_point.empty() ? open_of(volume->name)
                                                  : mounted_of(volume->name));
    plan.steps.push_back({ReleaseUnit{service.unit}, needs, "", ""});
  }
}

bool kept_by_system(const Setup& setup, const Facts& facts, const Volume& volume) {
  return mounted_by_system(volume) ||
         std::ranges::any_of(upon(setup, facts, volume),
                             [](const Volume* other) { return mounted_by_system(*other); });
}

Plan plan_lock(const Setup& setup, const Facts& facts) {
  Plan plan;
  for (auto service = setup.services.rbegin(); service != setup.services.rend(); ++service) {
    const UnitFacts& fact = unit_facts(facts, service->unit);
    if (!fact.active && !fact.released && !fact.queued)
      plan.have.insert(stopped_of(service->unit));
    else
      plan.steps.push_back({StopUnit{service->unit}, {}, stopped_of(service->unit), ""});
  }
  const auto order = by_depth(setup);
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    const Volume& volume = **at;
    if (mounted_by_system(volume)) continue;
    if (!facts_of(facts, volume.name).mounted) {
      plan.have.insert(unmounted_of(volume.name));
      continue;
    }
    std::vector<std::string> needs = stops_of(setup, volume);
    for (const Volume* child : order)
      if (below(child->mount_point, volume.mount_point)) needs.push_back(unmounted_of(child->name));
    plan.steps.push_back({UnmountFs{volume.name}, needs, unmounted_of(volume.name), volume.name});
  }
  for (const Volume& volume : setup.volumes) {
    if (!is_live(facts_of(facts, volume.name)) || kept_by_system(setup, facts, volume)) continue;
    plan.steps.push_back({CloseVolume{volume.name}, close_needs(setup, facts, volume),
                          closed_of(volume.name), volume.name});
  }
  return plan;
}

}  // namespace latchkey
