// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/narrow.hpp"

#include <algorithm>
#include <vector>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

const std::string* unit_of(const Action& action) {
  if (const auto* release = std::get_if<ReleaseUnit>(&action)) return &release->unit;
  if (const auto* stop = std::get_if<StopUnit>(&action)) return &stop->unit;
  return nullptr;
}

// A unit is meant when it, or one of the volumes that it needs, is named.
bool unit_is_meant(const Setup& setup, const std::string& unit, const std::set<std::string>& only) {
  if (only.contains(unit)) return true;
  const auto service = std::ranges::find(setup.services, unit, &Service::unit);
  return service != setup.services.end() &&
         std::ranges::any_of(
             needed_volumes(*service, setup.volumes),
             [&](const Volume* volume) { return only.contains(volume->name); });
}

bool is_meant(const Setup& setup, const Step& step, const std::set<std::string>& only) {
  if (const std::string* unit = unit_of(step.action)) return unit_is_meant(setup, *unit, only);
  return only.contains(step.volume);
}

}  // namespace

Plan narrow(const Plan& plan, const Setup& setup, const std::set<std::string>& only) {
  if (only.empty()) return plan;
  std::vector<bool> kept(plan.steps.size(), false);
  std::set<std::string> needed;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    kept[i] = is_meant(setup, plan.steps[i], only);
    if (kept[i]) needed.insert(plan.steps[i].needs.begin(), plan.steps[i].needs.end());
  }
  for (bool grew = true; grew;) {
    grew = false;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      if (kept[i] || !needed.contains(plan.steps[i].makes)) continue;
      kept[i] = grew = true;
      needed.insert(plan.steps[i].needs.begin(), plan.steps[i].needs.end());
    }
  }
  Plan out{.have = plan.have};
  for (std::size_t i = 0; i < plan.steps.size(); ++i)
    if (kept[i]) out.steps.push_back(plan.steps[i]);
  return out;
}

Result<std::string> resolve_name(const Setup& setup, const std::string& typed) {
  std::vector<std::string> names;
  for (const Volume& volume : setup.volumes) names.push_back(volume.name);
  for (const Service& service : setup.services) names.push_back(service.unit);
  for (const std::string& name : {typed, full_unit_name(typed)})
    if (std::ranges::find(names, name) != names.end()) return name;
  const auto near = nearest(typed, names);
  return Error{Code::usage, "'" + printable(typed) + "' is neither a volume nor a held unit", "",
               near ? "did you mean '" + *near + "'?" : "see: latchkey status"};
}

}  // namespace latchkey
