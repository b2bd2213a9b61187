// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey hold`: latchkey unhold is in cmd_unhold.cpp.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "core/base/lists.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/config/new_config.hpp"
#include "core/hold/hold.hpp"
#include "core/plan/unmarked.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/command.hpp"
#include "latchkey/cli/owners_lines.hpp"
#include "latchkey/cli/summary.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/hold/found_units.hpp"
#include "latchkey/hold/held_scripts.hpp"
#include "latchkey/hold/holding.hpp"
#include "sys/hold/init_system.hpp"
#include "sys/hold/late_unit_file.hpp"
#include "sys/hold/release_effects.hpp"
#include "sys/hold/unit_jobs.hpp"
#include "sys/mount/mount.hpp"

namespace latchkey {
namespace {

constexpr std::string_view triggers_head =
    "# Written by latchkey hold: what starts a held unit, held together with it.\n"
    "# unit  socket, path or timer ...\n";

// A hold that is made again, for what came to the unit meanwhile, needs what it did, and
// its new parts the same.
std::vector<std::string> needs_of(const FoundUnit& found, const std::vector<FoundUnit>& units,
                                  const Setup& before, const std::vector<std::string>& named,
                                  Needs how) {
  if (!named.empty() && how == Needs::only) return named;
  for (const std::string& name : {found.unit, units.front().unit}) {
    const auto at = std::ranges::find(before.services, name, &Service::unit);
    if (at == before.services.end()) continue;
    std::vector<std::string> needs = at->volumes;
    // Without a name it waits for all volumes, the new one among them.
    if (!needs.empty()) add_once(needs, named);
    return needs;
  }
  return named;
}

Result<> write_holds(const Paths& paths, const std::vector<FoundUnit>& units, const Setup& before,
                     const std::vector<std::string>& needs, Needs how) {
  auto done = edit_file(paths.etc("services"), services_head, [&](std::string text) {
    for (const FoundUnit& found : units)
      text = with_line(text, found.unit, needs_of(found, units, before, needs, how));
    return text;
  });
  if (!done) return done;
  return edit_file(paths.etc("triggers"), triggers_head, [&](std::string text) {
    for (const FoundUnit& found : units)
      text = found.triggers.empty() ? without_line(text, found.unit)
                                    : with_line(text, found.unit, found.triggers);
    return text;
  });
}

Result<> leave_running(const Paths& paths, const std::string& unit,
                       const std::vector<const Volume*>& lacking) {
  if (auto marked = set_marker(paths, unit, true); !marked) return marked;
  return Error{Code::partial, "'" + unit + "' was left running without " + names_of(lacking),
               lacking.size() == 1 ? "that is not mounted now" : "these are not mounted now",
               "from the next boot on it waits for all its volumes: mount what it needs, and take "
               "out of /etc/latchkey/volumes what is gone for good"};
}

// What runs on mounted volumes goes on running; what runs without them, or only
// listens for work, is stopped.
Result<> settle(const Globals& globals, const Setup& setup, const Service& service,
                Running running) {
  Facts facts = probe_all(setup, globals.paths);
  const auto lacking = lacking_volumes(service, setup, facts);
  if (lacking.empty()) return set_marker(globals.paths, service.unit, true);
  if (running == Running::stays && facts.units[service.unit].runs)
    return leave_running(globals.paths, service.unit, lacking);
  if (auto gone = set_marker(globals.paths, service.unit, false); !gone) return gone;
  if (facts.units[service.unit].active)
    say(globals, "stopping '" + service.unit + "': its volumes are not mounted");
  const std::vector<std::string> units = systemd_runs() ? instances_of(service.unit, setup.services)
                                                        : std::vector<std::string>{service.unit};
  // Also behind one that stays: each writes where it must not.
  Result<> stopped = Ok{};
  for (const std::string& unit : units)
    if (auto down = stop_service(globals.paths, unit, std::chrono::minutes(3)); !down && stopped)
      stopped = down;
  if (!stopped) return stopped;
  // It may have failed for want of its data, which is no failure any more.
  if (init_system() == InitSystem::systemd && !is_template(service.unit))
    forget_failure(service.unit);
  return Ok{};
}

// Before its conditions are loaded: a restart right after that would stop what runs on mounted
// volumes.
Result<> mark_what_lacks_nothing(const Paths& paths, const Setup& setup,
                                 const std::vector<FoundUnit>& units) {
  const Facts facts = probe_all(setup, paths);
  for (const FoundUnit& found : units) {
    const auto service = std::ranges::find(setup.services, found.unit, &Service::unit);
    if (service == setup.services.end() || !lacking_volumes(*service, setup, facts).empty())
      continue;
    if (auto marked = set_marker(paths, found.unit, true); !marked) return marked;
  }
  return Ok{};
}

std::optional<Error> late_file(const Setup& setup, const std::string& unit) {
  if (!systemd_runs()) return {};
  if (is_template(unit)) return late_unit_file(unit, {}, setup.volumes);
  const auto shown = show_units({unit});
  return shown ? late_unit_file(unit, (*shown)[0], setup.volumes) : std::nullopt;
}

void tell(const Globals& globals, const Setup& setup, const Service& service, const FoundUnit& found) {
  const auto needed = needed_volumes(service, setup.volumes);
  std::string text = "'" + found.unit + "' is held until " + names_of(needed) +
                     (needed.size() == 1 ? " is mounted" : " are mounted");
  if (!found.why.empty()) text += " (" + found.why + ")";
  say(globals, text);
  if (!found.idle.empty())
    report_warning({Code::partial, "'" + found.unit + "' " + found.idle,
                    "a release starts it all the same",
                    "if it is not to run, run: latchkey unhold " + shell_word(found.unit)});
  if (auto late = late_file(setup, found.unit)) report_warning(*late);
  for (const std::string& trigger : found.triggers)
    say(globals, "'" + trigger + "' is held with it: it starts '" + found.unit + "'");
  for (const std::string& other : found.dependants)
    if (other.ends_with(".service") &&
        std::ranges::find(setup.services, other, &Service::unit) == setup.services.end())
      report_warning(
          {Code::partial, "'" + other + "' requires '" + found.unit + "' and is not held",
           "systemd starts it without what is skipped", "run: latchkey hold " + shell_word(other)});
}

// What makes a line of the services file a hold: systemd reads it by our generator,
// scripts are read by a guard or disabled.
Result<> make_effective(const Paths& paths, const std::vector<FoundUnit>& units) {
  if (init_system() == InitSystem::systemd) return reload_systemd();
  for (const FoundUnit& found : units) {
    const auto script = script_to_hold(paths, found.unit);
    if (!script) return script.error();
    const auto held = hold_script(paths, found.unit, *script);
    if (!held) return held.error();
    if (*held) report_warning(**held);
  }
  return Ok{};
}

int warn_if_loose(const Setup& setup, const Paths& paths, const std::vector<FoundUnit>& units) {
  Facts facts;
  probe_services(facts, setup, paths);
  int status = 0;
  for (const FoundUnit& found : units) {
    if (facts.units[found.unit].held) continue;
    if (facts.units[found.unit].masked) {
      report_warning(masked_error(found.unit));
      continue;
    }
    if (init_system() == InitSystem::sysvinit) {
      if (const auto fault = fault_of_hold(paths, found.unit)) status = report_error(*fault);
      continue;
    }
    status = report_error(
        {Code::refused, "'" + found.unit + "' is not held",
         "a file of the unit takes the conditions away",
         "look for an empty Condition line in: systemctl cat " + shell_word(found.unit)});
  }
  return status;
}

}  // namespace

int hold_unit(const Globals& globals, const std::string& typed,
              const std::vector<std::string>& needs, Running running, Needs how) {
  const Paths& paths = globals.paths;
  const auto before = load_setup(paths);
  if (!before) return report_error(before.error());
  const auto units = find_units_to_hold(paths, typed);
  if (!units) return report_error(units.error());
  for (const std::string& name : needs)
    if (find_volume(*before, name) == nullptr)
      return report_error({Code::usage, "there is no volume '" + printable(name) + "'", "",
                           "see: latchkey status"});
  if (auto done = write_holds(paths, *units, *before, needs, how); !done)
    return report_error(done.error());
  // The owner's files are read again as a whole: what was written must be valid.
  const auto setup = load_setup(paths);
  if (!setup) return report_error(setup.error());
  if (auto done = mark_what_lacks_nothing(paths, *setup, *units); !done)
    return report_error(done.error());
  if (auto done = make_effective(paths, *units); !done) return report_error(done.error());

  int status = 0;
  for (const FoundUnit& found : *units) {
    const auto service = std::ranges::find(setup->services, found.unit, &Service::unit);
    if (service == setup->services.end()) continue;
    tell(globals, *setup, *service, found);
    if (auto done = settle(globals, *setup, *service, running); !done)
      status = report_error(done.error());
  }
  for (const Error& error : guard_mount_points(*setup, paths)) report_warning(error);
  const int loose = warn_if_loose(*setup, paths, *units);
  return loose != 0 ? loose : status;
}

Result<> can_hold(const Paths& paths, const std::string& unit) {
  if (const auto units = find_units_to_hold(paths, unit); !units) return units.error();
  return Ok{};
}

Run declare_hold(CLI::App& app, const Globals& globals) {
  const auto unit = std::make_shared<std::string>();
  const auto needs = std::make_shared<std::vector<std::string>>();
  app.add_option("unit", *unit, "as systemctl names it")->required();
  app.add_option("--needs", *needs,
                 "the volumes it needs; when none is named, those it needs already, or all")
      ->type_name("VOLUME");
  return [unit, needs, &globals] {
    const auto turn = begin_admin(globals, "hold");
    if (!turn) return report_error(turn.error());
    return hold_unit(globals, *unit, *needs);
  };
}

Run declare_hold_scripts(CLI::App&, const Globals& globals) {
  return [&globals] {
    const auto setup = load_setup(globals.paths);
    return setup ? hold_all_scripts(globals.paths, *setup) : report_error(setup.error());
  };
}

// After an installation, or one that came back. What runs without its volumes, or not at all,
// stays as a release has yet to find it.
Run declare_mark_running(CLI::App&, const Globals& globals) {
  return [&globals] {
    const auto setup = load_setup(globals.paths);
    if (!setup) return report_error(setup.error());
    if (!systemd_runs()) return 0;
    const Facts facts = probe_all(*setup, globals.paths);
    int status = 0;
    for (const Service& service : setup->services)
      if (would_not_restart(service, *setup, facts))
        if (auto marked = set_marker(globals.paths, service.unit, true); !marked)
          status = report_error(marked.error());
    return status;
  };
}

}  // namespace latchkey
