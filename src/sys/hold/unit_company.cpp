// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/unit_company.hpp"

#include <algorithm>
#include <set>

#include "core/base/lists.hpp"
#include "core/hold/hold.hpp"
#include "sys/hold/unit_jobs.hpp"

namespace latchkey {
namespace {

using Names = std::vector<std::string>;

bool service(const std::string& name) {
  return name.ends_with(".service") && valid_unit_name(name) && !is_template(name);
}

bool has_our_drop_in(const UnitState& unit) {
  return std::ranges::any_of(unit.files, [](const std::string& file) {
    return file.ends_with("/" + std::string(drop_in_name));
  });
}

bool waits_in_vain(const UnitState& unit) {
  const bool has_run = unit.type == "oneshot" && unit.start_time != 0;
  return unit.load == "loaded" && unit.active == "inactive" && !unit.job && !has_run &&
         is_wanted(unit) && !has_our_drop_in(unit);
}

// The services in a list of the held units' that are none of them.
std::vector<Loose> loose(const UnitStates& held, const Names UnitState::*list) {
  std::set<std::string> known;
  for (const auto& [name, unit] : held) known.insert({name, unit.id});
  std::vector<Loose> out;
  for (const auto& [name, unit] : held)
    for (const std::string& other : unit.*list)
      if (service(other) && !known.contains(other)) out.push_back({other, name});
  return out;
}

// One that is refused may keep the others from being queued: then each for itself.
Names queued(const Names& names) {
  if (names.empty() || queue_jobs("start", names, "")) return names;
  Names out;
  for (const std::string& name : names)
    if (queue_jobs("start", {name}, "")) out.push_back(name);
  return out;
}

}  // namespace

std::vector<Loose> loose_dependants(const UnitStates& held) {
  return loose(held, &UnitState::required_by);
}

std::vector<Loose> loose_parts(const UnitStates& held) {
  return loose(held, &UnitState::consists_of);
}

std::vector<Loose> loose_triggers(const UnitStates& held, const UnitStates& triggers) {
  std::vector<Loose> out;
  for (const auto& [name, unit] : held)
    for (const std::string& other : unit.triggered_by) {
      const auto at = triggers.find(other);
      if (at != triggers.end() && at->second.load == "loaded" && !has_our_drop_in(at->second))
        out.push_back({other, name});
    }
  return out;
}

std::vector<std::string> start_dependants(std::vector<std::string> names) {
  Names wanted;
  std::set<std::string> seen;
  while (true) {
    Names fresh;
    for (const std::string& name : names)
      if (service(name) && seen.insert(name).second) fresh.push_back(name);
    if (fresh.empty()) break;
    const auto states = states_of(fresh);
    if (!states) break;
    names.clear();
    for (const std::string& name : fresh) {
      const UnitState& unit = states->at(name);
      if (waits_in_vain(unit)) wanted.push_back(name);
      append(names, unit.required_by);
    }
  }
  return queued(wanted);
}

std::vector<std::string> idle_triggers(const std::vector<std::string>& names) {
  const auto states = states_of(names);
  if (!states) return {};
  Names wanted;
  for (const auto& [name, trigger] : *states)
    if (trigger.load == "loaded" && is_wanted(trigger) && trigger.active == "inactive" &&
        !trigger.job)
      wanted.push_back(name);
  return wanted;
}

std::vector<std::string> start_triggers(const std::vector<std::string>& names) {
  return queued(idle_triggers(names));
}

}  // namespace latchkey
