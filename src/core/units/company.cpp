// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/units/company.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "core/units/unit_name.hpp"
#include "core/units/way_in.hpp"

namespace latchkey {
namespace {

using Names = std::vector<std::string>;

bool service(const std::string& name) {
  return name.ends_with(".service") && valid_unit_name(name) && !is_template(name);
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

}  // namespace

std::vector<Loose> loose_dependants(const UnitStates& held) {
  return loose(held, &UnitState::required_by);
}

std::vector<Loose> other_parts(const UnitStates& held) {
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

bool starts_with_whole(const UnitState& part) {
  return part.active == "active" || (is_wanted(part) && !skips_itself(part));
}

bool waits_in_vain(const UnitState& unit) {
  const bool has_run = unit.type == "oneshot" && unit.start_time != 0;
  return unit.load == "loaded" && unit.active == "inactive" && !unit.job && !has_run &&
         is_wanted(unit) && !has_our_drop_in(unit);
}

bool can_be_started(const std::string& unit) {
  constexpr std::array<std::string_view, 6> kinds{".service", ".target", ".mount",
                                                  ".socket",  ".timer",  ".path"};
  return valid_unit_name(unit) && !is_template(unit) && !is_way_in(unit) && !ends_the_boot(unit) &&
         std::ranges::any_of(kinds, [&](std::string_view kind) { return unit.ends_with(kind); });
}

}  // namespace latchkey
