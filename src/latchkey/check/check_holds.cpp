// SPDX-License-Identifier: GPL-3.0-or-later
// Are the held units held? What the init system has loaded or starts counts, not our
// files. And is what belongs to them installed completely?
#include <unistd.h>

#include <optional>
#include <utility>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/hold/hold.hpp"
#include "core/hold/unit_order.hpp"
#include "core/plan/unmarked.hpp"
#include "core/units/company.hpp"
#include "core/units/way_in.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/hold/held_scripts.hpp"
#include "sys/hold/boot_target.hpp"
#include "sys/hold/drop_ins.hpp"
#include "sys/hold/init_system.hpp"
#include "sys/hold/late_unit_file.hpp"
#include "sys/hold/packages.hpp"
#include "sys/hold/rc_links.hpp"
#include "sys/hold/unit_company.hpp"
#include "sys/hold/unit_order.hpp"
#include "sys/mount/mount.hpp"
#include "sys/storage/probe.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

// What has to do with a held unit and goes its own ways.
Findings check_company(const HeldUnits& held) {
  Findings out;
  const auto say = [&](const Loose& one, const char* how, const char* why,
                       const std::string& unit) {
    out.push_back(doubtful({Code::partial,
                            "'" + one.unit + "' " + how + " '" + one.held + "' and is not held",
                            why, "run: latchkey hold " + shell_word(unit)}));
  };
  // Lock takes them down with what they need.
  for (const Loose& one : loose_dependants(held.units))
    say(one, "needs", "while that is held systemd starts it without it, or not at all", one.unit);
  for (const Loose& one : loose_parts(held.units))
    say(one, "is part of", "it was added after the hold and starts without its volumes", one.held);
  for (const Loose& one : loose_triggers(held.units, held.triggers))
    say(one, "starts", "it was added after the hold and tries in vain until the release", one.held);
  return out;
}

// Held by an older version, by hand, or before their files were changed.
Findings check_order(const Setup& setup) {
  std::vector<std::string> units;
  for (const Service& service : setup.services)
    if (!is_template(service.unit)) units.push_back(service.unit);
  Findings out;
  // They are asked for together: for most owners that is all there is to ask.
  if (units.empty() || !reached_before_release(units, ordered_before)) return out;
  for (const std::string& unit : units)
    if (const auto reached = reached_before_release({unit}, ordered_before)) {
      Error error = too_early_error(unit, *reached);
      error.what = "'" + unit + "' is held and cannot be";
      if (!unit.ends_with(".mount"))
        error.hint = "run: latchkey unhold " + shell_word(unit) + "; " + error.hint;
      out.push_back(bad(std::move(error)));
    }
  return out;
}

std::optional<Error> late_file(const HeldUnits& held, const Setup& setup, const std::string& unit) {
  const auto names = held.names.find(unit);
  if (names == held.names.end() || names->second.empty())
    return late_unit_file(unit, {}, setup.volumes);
  for (const std::string& name : names->second)
    if (const auto state = held.units.find(name); state != held.units.end())
      if (auto late = late_unit_file(name, state->second, setup.volumes)) return late;
  return {};
}

Findings check_units(const Paths& paths, const Setup& setup) {
  Findings out;
  Facts facts = probe_volumes(setup);
  probe_mounts(facts, setup);
  const HeldUnits held = held_units(setup);
  probe_units(facts, setup, paths, held);
  for (const Service& service : setup.services) {
    const UnitFacts& fact = facts.units[service.unit];
    auto late = late_file(held, setup, service.unit);
    const bool lies_on_volume = late.has_value();
    if (late) out.push_back(doubtful(std::move(*late)));
    if (!fact.known && lies_on_volume) continue;
    if (!fact.known)
      out.push_back(doubtful({Code::missing, "systemd knows no unit '" + service.unit + "'", "",
                              "correct its name in /etc/latchkey/services, or remove the line"}));
    else if (fact.masked)
      out.push_back(doubtful(masked_error(service.unit)));
    else if (!fact.held)
      out.push_back(bad({Code::refused, "'" + service.unit + "' is not held",
                         "its conditions are not loaded: an override resets them, or systemd has "
                         "not been reloaded",
                         "look at: systemctl cat " + shell_word(service.unit) +
                             "; then: latchkey hold " + shell_word(service.unit)}));
    else if (would_not_restart(service, setup, facts))
      out.push_back(
          doubtful({Code::partial, "'" + service.unit + "' runs, and would not start again",
                    "it runs since before it was held, and no release has let it go: its "
                    "next restart is a stop",
                    "run: release-services"}));
    else
      out.push_back(good("'" + service.unit + "' is held"));
  }
  for (Finding& finding : check_order(setup)) out.push_back(std::move(finding));
  for (Finding& finding : check_company(held)) out.push_back(std::move(finding));
  if (auto lost = no_boot_releases(held.release)) out.push_back(bad(std::move(*lost)));
  if (const auto stale = stale_drop_ins(paths, setup.volumes); !stale.empty())
    out.push_back(
        doubtful({Code::partial, "what holds these units is out of date: " + join(stale, ", "),
                  "an older version of Latchkey wrote it, or the files in "
                  "/etc/latchkey or /etc/fstab were changed since",
                  "run: systemctl daemon-reload"}));
  return out;
}

Findings check_scripts(const Paths& paths, const Setup& setup) {
  Findings out;
  for (const Service& service : setup.services) {
    const auto fault = fault_of_hold(paths, service.unit);
    if (!fault)
      out.push_back(good("'" + service.unit + "' is held"));
    else
      out.push_back(fault->code == Code::refused ? bad(*fault) : doubtful(*fault));
  }
  // That of a script that is gone is told with the package's other files.
  const bool there = ::access((paths.root + "/etc/init.d/latchkey-release").c_str(), X_OK) == 0;
  if (there && !starts_at_boot(links_of(paths, "latchkey-release")))
    out.push_back(bad({Code::refused, "no boot mounts the volumes and starts the held services",
                       "nothing in /etc/rc?.d starts the init script latchkey-release",
                       "run: update-rc.d latchkey-release defaults"}));
  return out;
}

Findings check_packages(const Setup& setup) {
  if (setup.services.empty()) return {};
  const auto packages = unfinished_packages();
  if (packages.empty()) return {};
  return {doubtful({Code::partial, "not completely configured: " + printable(join(packages, ", ")),
                    "", "once the volumes are mounted: dpkg --configure -a"})};
}

// Written by hand: `hold` takes none of them.
Findings check_way_in(const Paths& paths) {
  Findings out;
  const auto text = read_file(paths.etc("services"));
  if (!text) return out;
  for (const std::string& unit : named_units(*text))
    if (is_way_in(unit))
      out.push_back(
          bad({Code::refused, "'" + printable(unit) + "' is never held", way_in_error(unit).why,
               "run: latchkey unhold " + shell_word(printable(unit))}));
  return out;
}

}  // namespace

Findings check_holds(const Paths& paths, const Setup& setup) {
  Findings out = check_way_in(paths);
  if (!paths.root.empty()) return out;
  Findings more;
  switch (init_system()) {
    case InitSystem::systemd:
      more = check_units(paths, setup);
      break;
    case InitSystem::sysvinit:
      more = check_scripts(paths, setup);
      break;
    case InitSystem::none:
      return out;
  }
  for (Finding& finding : check_packages(setup)) more.push_back(std::move(finding));
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace latchkey
