// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/hold/found_units.hpp"

#include <algorithm>
#include <optional>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/hold/hold.hpp"
#include "core/hold/unit_order.hpp"
#include "core/units/way_in.hpp"
#include "latchkey/hold/held_scripts.hpp"
#include "sys/hold/init_system.hpp"
#include "sys/hold/rc_links.hpp"
#include "sys/hold/unit_order.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

Error no_such_unit(const std::string& unit) {
  // Their common ending would make any two names alike.
  const auto stem = [](const std::string& name) { return name.substr(0, name.rfind('.')); };
  const auto all = all_units();
  std::vector<std::string> stems;
  for (const std::string& one : all) stems.push_back(stem(one));
  const auto best = nearest(stem(unit), stems);
  const auto near =
      best ? std::optional(
                 all[static_cast<std::size_t>(std::ranges::find(stems, *best) - stems.begin())])
           : std::nullopt;
  return {Code::missing, "cannot hold '" + printable(unit) + "'", "systemd knows no such unit",
          near ? "did you mean '" + *near + "'?" : "see: systemctl list-unit-files"};
}

// Why a release alone would start it: what its owner starts by hand, or by a program of cron's.
std::string why_idle(const UnitState& state) {
  if (is_wanted(state) || !state.triggered_by.empty() || !state.part_of.empty()) return "";
  if (state.unit_file == "disabled") return "is disabled";
  if (state.unit_file == "static" && state.type == "oneshot") return "is a job that no boot starts";
  return "";
}

// The unit itself, under its own name, and those that are part of it (the
// clusters of postgresql.service do the work; it is only their handle).
Result<std::vector<FoundUnit>> find_units(const std::string& unit) {
  if (is_template(unit)) {
    const auto exists = unit_file_exists(unit);
    if (!exists) return exists.error();
    if (!*exists) return no_such_unit(unit);
    FoundUnit found{unit, {}, "with all its instances"};
    if (const auto states = show_units(instances_of(unit)))
      for (const UnitState& state : *states)
        found.triggers.insert(found.triggers.end(), state.triggered_by.begin(),
                              state.triggered_by.end());
    return std::vector<FoundUnit>{found};
  }
  const auto shown = show_units({unit});
  if (!shown) return shown.error();
  const UnitState& state = (*shown)[0];
  if (state.load == "not-found") return no_such_unit(unit);
  const std::string id = valid_unit_name(state.id) ? state.id : unit;
  if (is_way_in(id)) return way_in_error(id);
  if (id.ends_with(".target"))
    return Error{Code::refused, "cannot hold '" + printable(id) + "'",
                 "a target runs nothing itself: what it wants would be started all the same",
                 "hold the services that it starts; see: systemctl list-dependencies " +
                     shell_word(printable(id))};
  if (const auto reached = reached_before_release({id}, ordered_before))
    return too_early_error(id, *reached);
  std::vector<FoundUnit> out{{id, state.triggered_by,
                              id == unit ? "" : "'" + unit + "' is another name of it",
                              state.required_by, why_idle(state)}};
  for (const std::string& part : state.consists_of) {
    if (!part.ends_with(".service") || !valid_unit_name(part) || is_way_in(part)) continue;
    const auto parts = show_units({part});
    if (!parts) return parts.error();
    const UnitState& its = (*parts)[0];
    if (skips_itself(its)) continue;
    out.push_back({part, its.triggered_by, "it is part of '" + id + "'"});
  }
  return out;
}

// On sysvinit. The file keeps the name of the unit, so that a machine may change its
// init system.
Result<std::vector<FoundUnit>> find_scripts(const Paths& paths, const std::string& unit) {
  const auto script = script_to_hold(paths, unit);
  if (!script) return script.error();
  if (const std::string link = early_link(paths, script->name); !link.empty())
    return Error{Code::refused, "cannot hold '" + printable(unit) + "'",
                 "/etc/" + link + " starts it before any runlevel, and the boot itself needs that",
                 "hold the services that need the data"};
  FoundUnit found{.unit = unit};
  if (unit != unit_of_script(script->name)) found.why = "by its init script '" + script->name + "'";
  return std::vector<FoundUnit>{found};
}

}  // namespace

Result<std::vector<FoundUnit>> find_units_to_hold(const Paths& paths, const std::string& typed) {
  const std::string unit = full_unit_name(typed);
  if (is_way_in(unit)) return way_in_error(unit);
  const InitSystem running = init_system();
  if (running == InitSystem::none)
    return Error{Code::refused, "cannot hold '" + printable(typed) + "'",
                 "neither systemd nor sysvinit runs",
                 "run it on the booted machine, not in a container or a rescue system"};
  if (!valid_unit_name(unit))
    return Error{Code::usage, "'" + printable(typed) + "' is no name of a unit", "",
                 running == InitSystem::systemd ? "write it as systemctl shows it"
                                                : "write it as its script in /etc/init.d"};
  return running == InitSystem::systemd ? find_units(unit) : find_scripts(paths, unit);
}

}  // namespace latchkey
