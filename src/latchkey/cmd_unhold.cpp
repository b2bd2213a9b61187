// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey unhold`, and what else lets go of units.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "core/base/lists.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/hold/hold.hpp"
#include "core/units/way_in.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/command.hpp"
#include "latchkey/cli/owners_lines.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/hold/held_scripts.hpp"
#include "latchkey/hold/holding.hpp"
#include "sys/hold/drop_ins.hpp"
#include "sys/hold/init_system.hpp"
#include "sys/hold/rc_links.hpp"
#include "sys/hold/release_effects.hpp"
#include "sys/hold/unit_company.hpp"
#include "sys/mount/guard_list.hpp"
#include "sys/mount/mount_point.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

Result<> forget(const Paths& paths, const std::string& unit) {
  // First of all, and whatever runs now: the links are of another boot's init system.
  if (auto done = restore_links(paths, unit); !done) return done;
  const auto drop = [&](const std::string& text) { return without_line(text, unit); };
  if (auto done = edit_file(paths.etc("services"), "", drop); !done) return done;
  return edit_file(paths.etc("triggers"), "", drop);
}

// Makes systemd forget them too; then their markers go. The other way round, one that runs would be
// stopped by its next restart where the first step was the last.
Result<> reload_and_unmark(const Paths& paths, const std::vector<std::string>& units) {
  if (systemd_runs())
    if (auto done = reload_systemd(); !done) return done;
  for (const std::string& unit : units)
    if (auto gone = set_marker(paths, unit, false); !gone) return gone;
  return Ok{};
}

// What starts these units and was skipped with them: not of those that are released.
std::vector<std::string> skipped_triggers(const Paths& paths, const Setup& setup,
                                          const std::vector<std::string>& units) {
  std::string lines;
  std::vector<std::string> waiting;
  for (const std::string& unit : units) {
    if (::access(paths.run(marker_of(unit)).c_str(), F_OK) == 0) continue;
    lines += unit + "\n";
    waiting.push_back(unit);
  }
  const auto text = read_file(paths.etc("triggers"));
  if (!text) return {};
  return recorded_triggers(read_holds(lines, *text, setup.volumes).units, waiting);
}

// Nothing else would do that before the next boot. Those of another held unit stay as they are.
// A timer that has missed its time runs its job at once, which nothing holds any more: on what is
// not mounted now. That is for its owner to begin.
void start_skipped(const Globals& globals, std::vector<std::string> triggers) {
  const auto text = read_file(globals.paths.etc("triggers"));
  const auto fields = text ? split_fields(*text) : std::vector<Field>{};
  std::erase_if(triggers, [&](const std::string& name) {
    return std::ranges::find(fields, name, &Field::text) != fields.end();
  });
  std::vector<std::string> sockets;
  std::vector<std::string> others;
  for (const std::string& name : triggers)
    (name.ends_with(".socket") ? sockets : others).push_back(name);
  for (const std::string& name : idle_triggers(others))
    say(globals, "'" + name + "' was held with it and does not run; " +
                     service_command("start", name) + " starts it");
  for (const std::string& name : start_triggers(sockets))
    say(globals, "starting '" + name + "', which was held with it");
}

// The names to take away: the one typed, or what it is another name of, and the parts that were
// held with it (the clusters of postgresql.service do its work).
std::vector<std::string> held_names(const Setup& setup, const std::string& typed) {
  std::vector<std::string> names{full_unit_name(typed)};
  if (systemd_runs() && valid_unit_name(names[0]) && !is_template(names[0]))
    if (const auto shown = show_units({names[0]})) {
      names.push_back((*shown)[0].id);
      add_once(names, (*shown)[0].consists_of);
    }
  std::vector<std::string> out;
  for (const Service& service : setup.services)
    if (std::ranges::find(names, service.unit) != names.end()) out.push_back(service.unit);
  // Written by hand, it holds nothing, and goes all the same.
  if (is_way_in(names[0])) out.push_back(names[0]);
  return out;
}

// The configured places, and all that ever were.
void unguard(const Paths& paths, const std::vector<Volume>& volumes) {
  for (const Volume& volume : volumes)
    if (is_released(volume))
      if (auto done = unguard_mount_point(volume.mount_point);
          !done && done.error().code != Code::missing)
        report_warning(done.error());
  std::vector<std::string> hidden;
  for (const std::string& place : guarded_places(paths))
    if (std::error_code failed; !std::filesystem::exists(paths.root + place, failed))
      hidden.push_back(shell_word(place));
  for (const Error& error : follow_guards(paths, {})) report_warning(error);
  if (hidden.empty()) return;
  report_warning({Code::partial, "nobody can write into " + join(hidden, ", ") + " for good",
                  "these mount points lie on volumes that are not mounted now",
                  "once they are: chattr -i " + join(hidden, " ")});
}

int unhold(const Globals& globals, const std::string& typed, bool all) {
  const auto turn = begin_admin(globals, "unhold");
  if (!turn) return report_error(turn.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  std::vector<std::string> units;
  if (all)
    for (const Service& service : setup->services) units.push_back(service.unit);
  else
    units = held_names(*setup, typed);
  if (const std::string unit = full_unit_name(typed); units.empty() && !all) {
    // This was begun before, and did not come to its end.
    if (systemd_runs() && valid_unit_name(unit) && still_held(unit)) {
      if (auto done = reload_and_unmark(globals.paths, {unit}); !done)
        return report_error(done.error());
      say(globals, "'" + unit + "' is no longer held");
      return 0;
    }
    say(globals, "'" + printable(unit) + "' is not held: nothing to do");
    return 0;
  }
  auto skipped = skipped_triggers(globals.paths, *setup, units);
  for (const std::string& unit : units)
    if (auto done = forget(globals.paths, unit); !done) return report_error(done.error());
  if (all) {
    restore_all_links(globals.paths);  // also of lines that somebody took out by hand
    unguard(globals.paths, setup->volumes);
  }
  if (auto done = reload_and_unmark(globals.paths, units); !done) return report_error(done.error());
  for (const std::string& unit : units)
    say(globals, "'" + unit + "' is no longer held; where it does not run, " +
                     service_command("start", unit) + " starts it");
  if (systemd_runs()) start_skipped(globals, std::move(skipped));
  return 0;
}

}  // namespace

Result<> let_go_of_volume(const Globals& globals, const std::string& volume) {
  const auto setup = load_setup(globals.paths);
  if (!setup) return setup.error();
  bool changed = false;
  std::vector<std::string> gone;
  std::vector<std::string> skipped;
  for (const Service& service : setup->services) {
    std::vector<std::string> others = service.volumes;
    if (std::erase(others, volume) == 0) continue;
    changed = true;
    const auto shorten = [&](const std::string& text) {
      return with_line(text, service.unit, others);
    };
    if (others.empty()) append(skipped, skipped_triggers(globals.paths, *setup, {service.unit}));
    // A line without a name would hold it for all volumes.
    auto done = others.empty() ? forget(globals.paths, service.unit)
                               : edit_file(globals.paths.etc("services"), "", shorten);
    if (!done) return done;
    if (!others.empty()) continue;
    gone.push_back(service.unit);
    say(globals,
        "'" + service.unit + "' is no longer held: it was held for '" + volume + "' alone");
  }
  if (!changed) return Ok{};
  if (auto done = reload_and_unmark(globals.paths, gone); !done) return done;
  if (!systemd_runs()) return Ok{};
  start_skipped(globals, std::move(skipped));
  return Ok{};
}

Run declare_unhold(CLI::App& app, const Globals& globals) {
  const auto unit = std::make_shared<std::string>();
  const auto all = std::make_shared<bool>(false);
  auto* name = app.add_option("unit", *unit, "as systemctl names it");
  auto* every = app.add_flag("--all", *all, "every unit, and the guards of the mount points");
  name->excludes(every);
  return [unit, all, &globals] {
    if (unit->empty() && !*all)
      return report_error({Code::usage, "which unit?", "", "latchkey unhold UNIT, or --all"});
    return unhold(globals, *unit, *all);
  };
}

Run declare_unguard(CLI::App&, const Globals& globals) {
  return [&globals] {
    restore_all_links(globals.paths);
    const auto setup = load_setup(globals.paths);
    unguard(globals.paths, setup ? setup->volumes : std::vector<Volume>{});
    // The lists beside the configuration say enough.
    return setup || setup.error().code == Code::missing ? 0 : report_error(setup.error());
  };
}

}  // namespace latchkey
