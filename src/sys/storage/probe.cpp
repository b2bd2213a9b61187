// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/probe.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

// Why an open one cannot be opened: somebody did that by hand, under a name of his own.
std::string opened_as(const std::optional<dev_t>& device, const std::vector<Mapping>& all) {
  for (const Mapping& other : all)
    if (device && other.live && !other.name.empty() && encrypts(other) &&
        std::ranges::find(other.below, *device) != other.below.end())
      return "its device is open as '" + printable(other.name) + "'";
  return "";
}

VolumeFacts volume_facts(const DeviceRef& ref, const std::string& mapping_name,
                         const std::string& uuid, const std::vector<Mapping>& all) {
  VolumeFacts facts;
  const auto device = block_device(ref.path());
  facts.device = device_ready(ref.path());
  const auto mapping = std::ranges::find(all, mapping_name, &Mapping::name);
  // One that a killed process never finished is not open, and is no obstacle: an
  // unlock removes it first.
  if (mapping == all.end() || !mapping->live) {
    facts.taken = opened_as(device, all);
    return facts;
  }
  if (!encrypts(*mapping))
    facts.taken = "the name '" + mapping_name + "' belongs to a mapping that is not encrypted";
  else if (!device)
    facts.taken = "'" + mapping_name + "' is open, but the device " + ref.text() + " is not there";
  else if (std::ranges::find(mapping->below, *device) == mapping->below.end())
    facts.taken = "'" + mapping_name + "' is open on another device than " + ref.text();
  else
    facts.open = true;
  // Without a UUID, what has the name may be somebody's of another disk, but hardly where
  // there is no device that he could have left aside.
  facts.astray = !facts.open && (!uuid.empty() || !device) && is_luks_mapping(*mapping, uuid);
  return facts;
}

}  // namespace

bool is_luks_mapping(const Mapping& mapping, const std::string& uuid) {
  std::string bare = uuid;
  std::erase(bare, '-');
  return mapping.uuid.starts_with("CRYPT-LUKS") && mapping.uuid.find(bare) != std::string::npos;
}

Facts probe_volumes(const Setup& setup) {
  const std::vector<Mapping> all = mappings();
  Facts facts;
  facts.keys = volume_facts(setup.config.keys.device, setup.config.keys.mapping,
                            setup.config.keys.uuid, all);
  for (const Volume& volume : setup.volumes)
    facts.volumes[volume.name] = volume_facts(volume.device, volume.mapping, volume.uuid, all);
  return facts;
}

void probe_layers(Facts& facts, const Setup& setup) {
  const std::vector<Mapping> all = stacked_devices();
  for (const Volume& upper : setup.volumes) {
    const auto mapping = std::ranges::find(all, upper.mapping, &Mapping::name);
    VolumeFacts& fact = facts.volumes[upper.name];
    if (!is_live(fact) || mapping == all.end()) continue;
    const std::set<dev_t> below = all_below(mapping->number, all);
    for (const Volume& lower : setup.volumes) {
      const auto other = std::ranges::find(all, lower.mapping, &Mapping::name);
      if (&lower != &upper && other != all.end() && below.contains(other->number))
        fact.on.insert(lower.name);
    }
  }
}

}  // namespace latchkey
