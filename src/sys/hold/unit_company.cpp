// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/unit_company.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/base/lists.hpp"
#include "core/hold/hold.hpp"
#include "core/hold/way_in.hpp"
#include "sys/hold/unit_jobs.hpp"

namespace latchkey {
namespace {

using Names = std::vector<std::string>;

bool service(const std::string& name) {
  return name.ends_with(".service") && valid_unit_name(name) && !is_template(name);
}

bool waits_in_vain(const UnitState& unit) {
  const bool has_run = unit.type == "oneshot" && unit.start_time != 0;
  return unit.load == "loaded" && unit.active == "inactive" && !unit.job && !has_run &&
         is_wanted(unit) && !has_our_drop_in(unit);
}

// True for a part of a unit that comes up with it: it runs, or something starts it and its own
// conditions have not kept it from that.
bool starts_with_whole(const UnitState& part) {
  return part.active == "active" || (is_wanted(part) && !skips_itself(part));
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

// What takes a machine down, or out of its usual mode.
bool ends_the_boot(const std::string& name) {
  constexpr std::array<std::string_view, 20> targets{"reboot",        "poweroff",
                                                     "halt",          "kexec",
                                                     "soft-reboot",   "shutdown",
                                                     "final",         "umount",
                                                     "exit",          "sleep",
                                                     "suspend",       "hibernate",
                                                     "hybrid-sleep",  "suspend-then-hibernate",
                                                     "rescue",        "emergency",
                                                     "ctrl-alt-del",  "factory-reset",
                                                     "system-update", "runlevel1"};
  constexpr std::string_view ending = ".target";
  return name.ends_with(ending) &&
         std::ranges::find(targets, std::string_view(name).substr(
                                        0, name.size() - ending.size())) != targets.end();
}

// What a job is queued for though nobody asked for it: no device, nothing that ends the boot, and
// nothing that every boot passes through, which may be down on purpose (rescue mode).
bool can_be_started(const std::string& name) {
  constexpr std::array<std::string_view, 6> kinds{".service", ".target", ".mount",
                                                  ".socket",  ".timer",  ".path"};
  return valid_unit_name(name) && !is_template(name) && !is_way_in(name) && !ends_the_boot(name) &&
         std::ranges::any_of(kinds, [&](std::string_view kind) { return name.ends_with(kind); });
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
  std::vector<Loose> out = loose(held, &UnitState::consists_of);
  Names names;
  for (const Loose& one : out) names.push_back(one.unit);
  const auto states = states_of(names);
  if (states)
    std::erase_if(out, [&](const Loose& one) { return !starts_with_whole(states->at(one.unit)); });
  return out;
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
