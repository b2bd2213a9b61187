// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/unit_company.hpp"

#include <algorithm>
#include <set>

#include "core/base/lists.hpp"
#include "sys/hold/unit_jobs.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

using Names = std::vector<std::string>;

// One that is refused may keep the others from being queued: then each for itself.
Names queued(const Names& names) {
  if (names.empty() || queue_jobs("start", names, "")) return names;
  Names out;
  for (const std::string& name : names)
    if (queue_jobs("start", {name}, "")) out.push_back(name);
  return out;
}

}  // namespace

std::vector<Loose> loose_parts(const UnitStates& held) {
  std::vector<Loose> out = other_parts(held);
  Names names;
  for (const Loose& one : out) names.push_back(one.unit);
  const auto states = states_of(names);
  if (states)
    std::erase_if(out, [&](const Loose& one) { return !starts_with_whole(states->at(one.unit)); });
  return out;
}

std::vector<std::string> start_dependants(std::vector<std::string> names) {
  Names wanted;
  std::set<std::string> seen;
  while (true) {
    Names fresh;
    for (const std::string& name : names)
      if (can_be_started(name) && seen.insert(name).second) fresh.push_back(name);
    if (fresh.empty()) break;
    const auto states = states_of(fresh);
    if (!states) break;
    names.clear();
    for (const std::string& name : fresh) {
      const UnitState& unit = states->at(name);
      if (waits_in_vain(unit)) wanted.push_back(name);
      append(names, unit.required_by);
      // Its stop took its parts along, and its start does not.
      if (waits_in_vain(unit)) append(names, unit.consists_of);
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
