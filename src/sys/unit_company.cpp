// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unit_company.hpp"

#include <algorithm>
#include <set>

#include "core/hold.hpp"
#include "core/lists.hpp"
#include "sys/unit_jobs.hpp"

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

// One that is refused may keep the others from being queued: then each for itself.
Names queued(const Names& names) {
  if (names.empty() || queue_jobs("start", names, "")) return names;
  Names out;
  for (const std::string& name : names)
    if (queue_jobs("start", {name}, "")) out.push_back(name);
  return out;
}

}  // namespace

std::vector<Dependant> loose_dependants(const UnitStates& held) {
  std::set<std::string> known;
  for (const auto& [name, unit] : held) known.insert({name, unit.id});
  std::vector<Dependant> out;
  for (const auto& [name, unit] : held)
    for (const std::string& other : unit.required_by)
      if (service(other) && !known.contains(other)) out.push_back({other, name});
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

void start_triggers(const std::vector<std::string>& names) {
  const auto states = states_of(names);
  if (!states) return;
  Names wanted;
  for (const auto& [name, trigger] : *states)
    if (trigger.load == "loaded" && is_wanted(trigger) && trigger.active == "inactive" &&
        !trigger.job)
      wanted.push_back(name);
  (void)queued(wanted);
}

}  // namespace latchkey
