// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/units/systemd.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "core/base/lists.hpp"
#include "core/base/message.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/hold/hold.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

const std::string properties =
    "--property=Id,LoadState,ActiveState,SubState,Type,UnitFileState,Result,ExecMainStatus,Job,"
    "ConditionResult,ConditionTimestampMonotonic,AssertResult,AssertTimestampMonotonic,"
    "InactiveExitTimestampMonotonic,NRestarts,TriggeredBy,ConsistsOf,PartOf,After,WantedBy,"
    "RequiredBy,RequisiteOf,BoundBy,FragmentPath,DropInPaths";

// systemd answers in milliseconds; a minute means that it does not.
const RunOptions query{.timeout = std::chrono::seconds(60), .merge_stderr = false,
                       .output_limit = 1UL << 20};

// The first word of each line, as list-units and list-unit-files print them.
std::vector<std::string> first_words(const std::vector<std::string>& argv) {
  std::vector<std::string> out;
  const auto ran = run(argv, query);
  if (!ran) return out;
  for (const std::string_view line : split_lines(ran->output))
    if (const auto fields = split_fields(line); !fields.empty()) out.push_back(fields[0].text);
  return out;
}

bool marker_exists(const Paths& paths, const std::string& unit) {
  return ::access(paths.run(marker_of(unit)).c_str(), F_OK) == 0;
}

UnitStates known(const Result<UnitStates>& states) { return states ? *states : UnitStates{}; }

std::vector<UnitState> triggers_of(const UnitState& unit, const UnitStates& states) {
  std::vector<UnitState> out;
  for (const std::string& trigger : unit.triggered_by)
    if (const auto found = states.find(trigger); found != states.end())
      out.push_back(found->second);
  return out;
}

// A template is as its instances are: up when all are, failed when one is.
void add_facts(UnitFacts& fact, const UnitState& unit, const UnitStates& states,
               const std::string& held_as, std::span<const Service> services) {
  const bool left = fact.released && is_left_to_owner(unit, services);
  fact.known = fact.known || (unit.load != "not-found" && !unit.load.empty());
  fact.active = fact.active && (left || is_up(unit, triggers_of(unit, states), fact.released));
  fact.runs = fact.runs || (unit.active != "inactive" && unit.active != "failed");
  fact.failed = fact.failed || unit.active == "failed";
  fact.queued = fact.queued || unit.job;
  fact.masked = fact.masked || unit.load == "masked";
  fact.held = fact.held && is_held(unit, held_as);
  const std::string state =
      unit.load == "loaded" ? unit.active + " (" + unit.sub + ")" : unit.load;
  if (fact.state.empty() || unit.active == "failed") fact.state = state;
}

}  // namespace

bool systemd_runs() { return ::access("/run/systemd/system", F_OK) == 0; }

Result<std::vector<UnitState>> show_units(const std::vector<std::string>& names) {
  if (names.empty()) return std::vector<UnitState>{};
  std::vector<std::string> argv{"systemctl", "show", "--no-pager", properties, "--"};
  argv.insert(argv.end(), names.begin(), names.end());
  const std::string what = "cannot ask systemd for its units";
  const auto ran = run(argv, query);
  if (!ran) return Error{ran.error().code, what, sentence(ran.error()), ran.error().hint};
  auto units = parse_show(ran->output);
  if (units.size() != names.size())
    return Error{Code::io, what,
                 "systemctl ended with status " + std::to_string(ran->status) + " and told of " +
                     std::to_string(units.size()) + " of " + std::to_string(names.size()) +
                     " units",
                 "run: systemctl status"};
  return units;
}

Result<UnitStates> states_of(std::vector<std::string> names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const auto shown = show_units(names);
  if (!shown) return shown.error();
  UnitStates out;
  for (std::size_t i = 0; i < names.size(); ++i) out[names[i]] = (*shown)[i];
  return out;
}

std::vector<std::string> instances_of(const std::string& unit) {
  if (!is_template(unit)) return {unit};
  std::string pattern = unit;
  pattern.insert(pattern.find("@.") + 1, "*");
  std::vector<std::string> out = first_words(
      {"systemctl", "list-units", "--all", "--plain", "--no-legend", "--no-pager", "--", pattern});
  std::erase_if(out, [](const std::string& name) { return !valid_unit_name(name); });
  return out;
}

std::vector<std::string> instances_of(const std::string& unit, std::span<const Service> services) {
  std::vector<std::string> out = instances_of(unit);
  if (is_template(unit))
    std::erase_if(out, [&](const std::string& name) {
      return std::ranges::find(services, name, &Service::unit) != services.end();
    });
  return out;
}

Result<bool> unit_file_exists(const std::string& unit) {
  // Its status says neither whether there is one nor whether systemd answered.
  const auto ran = run({"systemctl", "list-unit-files", "--no-legend", "--no-pager", "--", unit},
                       {.timeout = query.timeout});
  const std::string what = "cannot ask systemd for its units";
  if (!ran) return Error{ran.error().code, what, sentence(ran.error()), ran.error().hint};
  for (const std::string_view line : split_lines(ran->output)) {
    if (line.starts_with("Failed"))
      return Error{Code::io, what, printable(line), "run: systemctl status; then try again"};
    if (const auto fields = split_fields(line); !fields.empty() && fields[0].text == unit)
      return true;
  }
  return false;
}

std::vector<std::string> all_units() {
  std::vector<std::string> out =
      first_words({"systemctl", "list-unit-files", "--no-legend", "--no-pager"});
  append(out, first_words({"systemctl", "list-units", "--all", "--plain", "--no-legend",
                           "--no-pager"}));
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

bool is_held(const UnitState& unit, const std::string& held_as) {
  std::vector<std::string> texts;
  for (const std::string& file : unit.files)
    if (auto text = read_file(file)) texts.push_back(std::move(*text));
  return still_held(texts, held_as);
}

Error masked_error(const std::string& unit) {
  return {Code::refused, "'" + unit + "' is masked", "it starts neither at boot nor at a release",
          "run: systemctl unmask " + shell_word(unit)};
}

HeldUnits held_units(const Setup& setup) {
  HeldUnits out;
  std::vector<std::string> asked;
  for (const Service& service : setup.services)
    append(asked, out.names[service.unit] = instances_of(service.unit, setup.services));
  // In the same question: each is a program of its own.
  for (const std::string_view own : {release_unit, start_unit_name}) asked.emplace_back(own);
  out.units = known(states_of(asked));
  for (const std::string_view own : {release_unit, start_unit_name}) {
    const auto unit = out.units.extract(std::string(own));
    if (!unit) continue;
    out.release_failed = out.release_failed || unit.mapped().active == "failed";
    if (own == release_unit) out.release = unit.mapped();
  }
  std::vector<std::string> triggers;
  for (const auto& [name, unit] : out.units) append(triggers, unit.triggered_by);
  out.triggers = known(states_of(triggers));
  return out;
}

void probe_units(Facts& facts, const Setup& setup, const Paths& paths) {
  if (systemd_runs()) return probe_units(facts, setup, paths, held_units(setup));
  for (const Service& service : setup.services)
    facts.units[service.unit].released = marker_exists(paths, service.unit);
}

void probe_units(Facts& facts, const Setup& setup, const Paths& paths, const HeldUnits& asked) {
  facts.release_failed = asked.release_failed;
  for (const Service& service : setup.services) {
    UnitFacts& fact = facts.units[service.unit];
    fact.released = marker_exists(paths, service.unit);
    fact.active = true;
    fact.held = true;
    if (const auto names = asked.names.find(service.unit); names != asked.names.end())
      for (const std::string& name : names->second)
        if (const auto found = asked.units.find(name); found != asked.units.end())
          add_facts(fact, found->second, asked.triggers, service.unit, setup.services);
    // A template without instances, or no answer: not known then, and told as such.
    if (fact.state.empty()) {
      fact.known = is_template(service.unit);
      fact.active = fact.known && fact.released;
      fact.state = fact.known ? "no instance is loaded" : "unknown";
    }
  }
}

Result<> reload_systemd() {
  const auto done = run_ok({"systemctl", "daemon-reload"}, "cannot reload systemd",
                           {.timeout = std::chrono::seconds(120)});
  if (!done) return done.error();
  return Ok{};
}

}  // namespace latchkey
