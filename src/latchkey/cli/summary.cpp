// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/cli/summary.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/base/lists.hpp"
#include "core/base/message.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/plan/plan.hpp"
#include "sys/base/fd.hpp"
#include "sys/hold/init_system.hpp"
#include "sys/mount/mount.hpp"
#include "sys/storage/probe.hpp"

namespace latchkey {
namespace {

using nlohmann::json;
using Kind = StepOutcome::Kind;

// The name stands at the line's head, so the sentence need not say it again.
void explain(Row& row, const Error& error) {
  row.why = error.why.empty() ? error.what : error.why;
  if (!error.hint.empty()) row.hint = error.hint;
}

Row volume_row(const Setup& setup, const Facts& facts, const Volume& volume) {
  const auto found = facts.volumes.find(volume.name);
  const VolumeFacts fact = found == facts.volumes.end() ? VolumeFacts{} : found->second;
  Row row{"volume", volume.name, "closed"};
  row.up = volume_up(volume, fact);
  if (fact.mounted) row.state = "mounted";
  else if (is_live(fact))
    row.state = "open";
  else if (!fact.device) row.state = "missing";
  if (!fact.failing.empty()) {
    row.up = false;
    row.state = "failing";
    row.why = fact.failing;
    row.hint = failing_disk_hint();
    return row;
  }
  // What was mounted while its device was right is of no use to the next boot.
  if (row.up && fact.taken.empty()) return row;
  if (!fact.taken.empty()) {
    row.up = false;
    row.why = fact.taken;
    row.hint = fact.mounted ? "bring its device back, or correct it in /etc/latchkey/volumes"
                            : "free it, then: release-services";
  } else if (const Volume* parent = unmounted_parent(setup, facts, volume); fact.open && parent) {
    row.why = "its mount point lies on '" + parent->name + "', which is not mounted";
  } else if (fact.open) {
    row.why = "not mounted";
    row.hint = "run: release-services";
  } else if (fact.device) {
    row.hint = "run: release-services";
  } else {
    row.why = "its device " + volume.device.text() + " is not there";
    row.hint = volume.device.kind == DeviceRef::Kind::lv ? "see: lvs, dmesg" : "see: lsblk, dmesg";
  }
  return row;
}

std::string waits_for(const Setup& setup, const Facts& facts, const Service& service) {
  return names_of(lacking_volumes(service, setup, facts));
}

// Not only up, as a oneshot is that ran before.
bool runs(const UnitFacts& fact) { return fact.active && fact.state.starts_with("active"); }

Row unit_row(const Setup& setup, const Facts& facts, const Service& service) {
  const auto found = facts.units.find(service.unit);
  const UnitFacts fact = found == facts.units.end() ? UnitFacts{} : found->second;
  Row row{"unit", service.unit, "held"};
  const std::string waits = waits_for(setup, facts, service);
  row.up = fact.active && fact.released && waits.empty();
  if (runs(fact) && !waits.empty()) {
    row.state = "running";
    row.why = "it runs without " + waits;
    row.hint = "run: " + service_command("stop", service.unit);
  } else if (row.up) {
    row.state = runs(fact) ? "running" : "released";
  } else if (fact.failed) {
    row.state = "failed";
    row.hint = "run: " + log_command(service.unit);
  } else if (!waits.empty()) {
    row.why = "waits for " + waits;
    if (!fact.held && fact.known) {
      row.state = "not held";
      row.why += ", but nothing holds it: anything may start it";
      row.hint = "run: latchkey hold " + shell_word(service.unit);
    }
  } else if (!fact.known && !fact.state.empty()) {
    row.state = "unknown";
    row.why = init_name() + " knows no such unit";
    row.hint = "correct its name in /etc/latchkey/services";
  } else if (fact.queued) {
    row.state = "starting";
    row.why = "its start is queued";
  } else {
    row.state = fact.released ? "down" : "held";
    if (runs(fact)) row.state = "running";
    row.why = fact.released ? "released, but not running" : "not released";
    row.hint = "run: release-services";
  }
  return row;
}

constexpr std::array<const char*, 3> colours{"\033[32m", "\033[31m", "\033[33m"};

std::string painted(const Row& row, bool colour, std::size_t width) {
  std::string state = row.state;
  state.resize(std::max(width, state.size()), ' ');
  if (!colour) return state;
  const bool bad = row.state == "failed" || row.state == "failing" || row.state == "missing" ||
                   row.state == "not held";
  return colours[row.up ? 0 : bad ? 1 : 2] + state + "\033[0m";
}

std::size_t widest(const std::vector<Row>& rows, std::string Row::* member) {
  std::size_t width = 0;
  for (const Row& row : rows) width = std::max(width, (row.*member).size());
  return width;
}

json error_json(const Error& error) {
  return {{"code", exit_status(error.code)},
          {"what", error.what},
          {"why", error.why},
          {"hint", error.hint}};
}

// Nobody but root can find a resting LV.
json presence(bool found) { return found || ::geteuid() == 0 ? json(found) : json(); }

}  // namespace

Facts probe_all(const Setup& setup, const Paths& paths) {
  Facts facts = probe_volumes(setup);
  probe_mounts(facts, setup);
  probe_services(facts, setup, paths);
  return facts;
}

Reasons reasons_of(const BootReport& report) {
  Reasons out;
  for (const VolumeReport& volume : report.volumes)
    if (!volume.open)
      out[volume.name] = {Code::partial, "early boot: " + volume.problem, "", volume.hint};
  return out;
}

std::string names_of(const std::vector<const Volume*>& volumes) {
  std::vector<std::string> names;
  for (const Volume* volume : volumes) names.push_back(volume->name);
  return quoted_list(names);
}

std::vector<Row> make_rows(const Setup& setup, const Facts& facts, const Reasons& reasons) {
  std::vector<Row> rows;
  const auto add = [&](Row row) {
    const auto reason = reasons.find(row.name);
    if (reason != reasons.end() && !row.up && row.state != "failing") explain(row, reason->second);
    rows.push_back(std::move(row));
  };
  for (const Volume& volume : setup.volumes) add(volume_row(setup, facts, volume));
  for (const Service& service : setup.services) add(unit_row(setup, facts, service));
  return rows;
}

bool all_up(const std::vector<Row>& rows) {
  return std::ranges::all_of(rows, [](const Row& row) { return row.up; });
}

bool any_failing(const std::vector<Row>& rows) {
  return std::ranges::any_of(rows, [](const Row& row) { return row.state == "failing"; });
}

std::string table_text(const std::vector<Row>& rows, bool colour) {
  const std::size_t name_width = widest(rows, &Row::name);
  const std::size_t state_width = widest(rows, &Row::state);
  std::string out;
  for (const Row& row : rows) {
    std::string kind = row.kind;
    kind.resize(8, ' ');
    std::string name = row.name;
    name.resize(name_width + 2, ' ');
    const bool more = !row.why.empty();
    out += kind + name + painted(row, colour, more ? state_width : 0) +
           (more ? "  " + row.why : "") + "\n";
    if (!row.hint.empty()) out += std::string(8 + name_width + 2, ' ') + row.hint + "\n";
  }
  return out;
}

std::string conclusion_text(const std::vector<Row>& rows) {
  std::vector<std::string> volumes;
  std::vector<std::string> units;
  for (const Row& row : rows)
    if (!row.up) (row.kind == "unit" ? units : volumes).push_back(row.name);
  if (volumes.empty() && units.empty())
    return "all volumes are mounted, and the services held for them may start";
  std::string out;
  if (!volumes.empty())
    out = "not available: " + join(volumes, ", ") + (units.empty() ? "" : "; so ");
  if (!units.empty()) out += "held back, and not started by anything: " + join(units, ", ");
  return out + "; the reason is in the table above; once it is mended, run as root: release-services";
}

std::string closed_text(const Setup& setup, bool opened_early) {
  std::vector<std::string> units;
  for (const Service& service : setup.services) units.push_back(service.unit);
  return (opened_early ? std::string("the encrypted volumes were closed again after early boot")
                       : std::string("the encrypted volumes were not opened in early boot")) +
         (units.empty() ? std::string()
                        : "; until they are open these stay down, and nothing can start them: " +
                              join(units, ", ")) +
         "; to open them and start everything, run as root: release-services";
}

json summary_json(const Setup& setup, const Facts& facts, const std::vector<Row>& rows) {
  json volumes = json::array();
  json units = json::array();
  for (const Row& row : rows) {
    json item{{"name", row.name}, {"state", row.state}, {"up", row.up},
              {"why", row.why},   {"hint", row.hint}};
    if (row.kind == "volume") {
      const Volume* volume = find_volume(setup, row.name);
      const auto fact = facts.volumes.find(row.name);
      const VolumeFacts is = fact == facts.volumes.end() ? VolumeFacts{} : fact->second;
      item.update({{"device", volume->device.text()},
                   {"present", is.device},
                   {"mapping", volume->mapping},
                   {"open", is_live(is)},
                   {"mount_point", volume->mount_point},
                   {"mounted", is.mounted}});
      volumes.push_back(item);
    } else {
      const auto fact = facts.units.find(row.name);
      const UnitFacts is = fact == facts.units.end() ? UnitFacts{} : fact->second;
      json needs = json::array();
      for (const Service& service : setup.services)
        if (service.unit == row.name)
          for (const Volume* volume : needed_volumes(service, setup.volumes))
            needs.push_back(volume->name);
      item.update({{"needs", needs}, {"active", is.active}, {"released", is.released},
                   {"held", is.held}, {"systemd", is.state}});
      units.push_back(item);
    }
  }
  return {{"complete", all_up(rows)},
          {"keys",
           {{"device", setup.config.keys.device.text()},
            {"present", presence(facts.keys.device)},
            {"open", is_live(facts.keys)}}},
          {"volumes", volumes},
          {"units", units}};
}

json steps_json(const Plan& plan, const Outcome* outcome) {
  json steps = json::array();
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    json item{{"step", describe(step.action)}, {"volume", step.volume}, {"needs", step.needs}};
    if (const auto* refuse = std::get_if<Refuse>(&step.action)) item["error"] = error_json(refuse->error);
    if (outcome != nullptr) {
      const StepOutcome& how = outcome->steps[i];
      item["result"] = how.kind == Kind::done ? "done" : how.kind == Kind::failed ? "failed" : "skipped";
      if (how.kind != Kind::done) item["error"] = error_json(how.error);
    }
    steps.push_back(item);
  }
  return steps;
}

const char* level_word(Finding::Level level) {
  using Level = Finding::Level;
  return level == Level::ok ? "ok" : level == Level::warning ? "warning" : "error";
}

nlohmann::json findings_json(const Findings& findings) {
  nlohmann::json list = nlohmann::json::array();
  for (const Finding& f : findings)
    list.push_back({{"level", level_word(f.level)},
                    {"what", f.text.what},
                    {"why", f.text.why},
                    {"hint", f.text.hint}});
  return list;
}

std::string dump(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::optional<BootReport> read_boot_report(const Paths& paths) {
  const auto text = read_file(paths.run("boot.json"));
  if (!text) return {};
  auto report = parse_report(*text);
  if (!report) return {};
  return *report;
}

}  // namespace latchkey
