// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/hold/release_boot.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <optional>
#include <string>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/hold/hold.hpp"
#include "core/units/judge_start.hpp"
#include "latchkey/cli/events.hpp"
#include "latchkey/cli/summary.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/hold/init_system.hpp"
#include "sys/hold/release_effects.hpp"
#include "sys/hold/unit_company.hpp"
#include "sys/hold/unit_jobs.hpp"
#include "sys/keys/unlock_turn.hpp"
#include "sys/mount/mount.hpp"
#include "sys/process/worker.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

// Long enough for a clean file system of any size, short enough for a boot.
constexpr int patience_ms = 10'000;

// Where there are none, nothing waits for them.
bool all_closed(const Facts& facts) {
  return !facts.volumes.empty() &&
         std::ranges::none_of(facts.volumes, [](const auto& item) { return is_live(item.second); });
}

// The read end of a pipe whose writing end the boot's process keeps: it has
// ended when that process has gone on without us.
class BootWaits {
 public:
  explicit BootWaits(Fd end) : end_(std::move(end)) {}
  [[nodiscard]] bool no_longer() const {
    pollfd watched{end_.get(), POLLIN, 0};
    return ::poll(&watched, 1, 0) != 0;
  }

 private:
  Fd end_;
};

// True when early boot has opened a volume, whatever has become of it since.
bool opened_early(const Paths& paths) {
  const auto report = read_boot_report(paths);
  return report && std::ranges::any_of(report->volumes, &VolumeReport::open);
}

// On systemd units are only marked here, so nothing is starting.
class BootReporter : public TerminalReporter {
 public:
  using TerminalReporter::TerminalReporter;
  void started(const Step& step) override {
    if (init_system() != InitSystem::systemd || !std::holds_alternative<ReleaseUnit>(step.action))
      TerminalReporter::started(step);
  }
};

// Why the release could not even begin, also for the log.
int refuse(const Globals& globals, const Error& error) {
  tell_boot(globals, {.kind = "failed", .problem = sentence(error)});
  return report_error(error);
}

using TellBoot = std::function<void(int status)>;

// There while what was done behind a boot is not all that was asked.
constexpr const char* left_behind = "release.partial";

// Behind the boot nobody reads this release's status: its unit has ended well by then, and
// latchkey-start.service fails in its place. It is told before it is looked whether the boot still
// waits, and the boot stops waiting before it looks for it once more: one of the two sees it.
void hand_over(const Globals& globals, const BootWaits& boot, const TellBoot& tell, int status) {
  tell(status);
  if (!systemd_runs()) return;
  const std::string mark = globals.paths.run(left_behind);
  if (status == 0 || !boot.no_longer())
    ::unlink(mark.c_str());
  else if (auto written = write_file(mark, "", 0644); !written)
    report_warning(written.error());
  start_soon(std::string(start_unit_name));
}

// Early boot left the keys volume's LV active: LVM's work would have delayed the boot there.
void rest_after_boot(const Setup& setup, const Paths& paths) {
  if (auto rested = rest_keys_volume_unless_used(setup, paths); !rested)
    report_warning(rested.error());
}

// The boot has skipped what triggers the held units, and now starts those units itself, but
// not before its own unit has ended: from then on their sockets would be refused.
void start_skipped_triggers(const Globals& globals, const Setup& setup) {
  const auto text = read_file(globals.paths.etc("triggers"));
  if (!text) return;
  std::vector<std::string> released;
  std::string lines;
  for (const Service& service : setup.services) {
    lines += service.unit + "\n";
    if (::access(globals.paths.run(marker_of(service.unit)).c_str(), F_OK) == 0)
      released.push_back(service.unit);
  }
  (void)start_triggers(recorded_triggers(read_holds(lines, *text, setup.volumes).units, released));
}

// True for a unit that is neither up nor down, and was not begun anew by systemd meanwhile.
bool still_starting(const std::string& unit, const Setup& setup) {
  const auto states = states_of(instances_of(unit, setup.services));
  return states && std::ranges::any_of(*states, [](const auto& item) {
           const UnitState& now = item.second;
           return now.active == "activating" && now.sub != "auto-restart" && now.restarts == 0;
         });
}

// What only takes longer than we look at it is no failure of the boot: systemd has a bound of
// its own for it, and whoever failed here would stay failed when it is up.
int status_but_for_slow(const Globals& globals, const Setup& setup, const Plan& plan,
                        Outcome outcome) {
  if (!systemd_runs()) return outcome.status();
  for (std::size_t i = 0; i < outcome.steps.size(); ++i) {
    StepOutcome& how = outcome.steps[i];
    const auto* const release = std::get_if<ReleaseUnit>(&plan.steps[i].action);
    if (release == nullptr || how.kind != StepOutcome::Kind::failed ||
        how.error.code != Code::timeout || !still_starting(release->unit, setup))
      continue;
    say(globals, "'" + release->unit + "' goes on starting, for as long as systemd lets it");
    how.kind = StepOutcome::Kind::done;
  }
  return outcome.status();
}

// What was held while volumes were checked, for hours perhaps: the release that began before knows
// nothing of it. Only what lacks nothing by now: no volume is checked once more for it. True when
// all of that is well.
bool release_what_came(const Globals& globals, const Setup& before, const Setup& now,
                       const ReleaseOptions& options, BootReporter& reporter) {
  std::vector<Service> came = now.services;
  std::erase_if(came, [&](const Service& service) {
    return std::ranges::find(before.services, service.unit, &Service::unit) !=
           before.services.end();
  });
  if (came.empty()) return true;
  const Facts facts = probe_all(now, globals.paths);
  bool well = true;
  Plan plan;
  for (const Service& service : came) {
    if (lacking_volumes(service, now, facts).empty())
      plan.steps.push_back({ReleaseUnit{service.unit}});
    else
      well = false;
  }
  if (plan.steps.empty()) return well;
  ReleaseEffects effects(now, globals.paths, reporter, options);
  return status_but_for_slow(globals, now, plan, execute(plan, effects, reporter)) == 0 && well;
}

// What is to be told, with what early boot has told before.
std::vector<Row> rows_at_boot(const Globals& globals, const Setup& setup,
                              const BootReporter& reporter) {
  const Facts after = probe_all(setup, globals.paths);
  Reasons reasons = reporter.reasons();
  if (const auto report = read_boot_report(globals.paths)) reasons.merge(reasons_of(*report));
  std::vector<Row> rows = make_rows(setup, after, reasons);
  // A unit that is marked and not yet started is as it should be at this point.
  for (Row& row : rows)
    if (init_system() != InitSystem::sysvinit && (row.state == "down" || row.state == "starting"))
      row = {row.kind, row.name, "released", true};
  return rows;
}

int release(const Globals& globals, Setup setup, bool over_files, const BootWaits& boot,
            const TellBoot& tell) {
  auto lock =
      LockFile::take(globals.paths.run(release_lock_name), "a release", std::chrono::minutes(10));
  if (!lock) {
    const int status = refuse(globals, lock.error());
    hand_over(globals, boot, tell, status);
    return status;
  }
  // As it is by now, where another release had the turn.
  if (auto now = load_setup(globals.paths)) setup = std::move(*now);
  const double begun = uptime();
  const Facts facts = probe_all(setup, globals.paths);
  const std::vector<Error> unguarded = guard_mount_points(setup, globals.paths);
  for (const Error& error : unguarded) report_warning(error);
  if (all_closed(facts)) {
    const bool before = opened_early(globals.paths);
    say(globals, closed_text(setup, before));
    // Started anew behind a lock, as a rescue mode does it, it is no news of this boot.
    if (!before) tell_boot(globals, {.kind = "closed"});
    return 0;
  }
  Plan plan;
  plan_release(plan, setup, facts);
  BootReporter reporter(globals);
  const ReleaseOptions options{.start_units =
                                   [&boot] {
                                     // The other scripts of a sysvinit have had their turn by now.
                                     return init_system() == InitSystem::sysvinit ||
                                            boot.no_longer();
                                   },
                               .over_files = over_files,
                               .let_go = [&lock] { drop(*lock); },
                               .behind_boot = true};
  ReleaseEffects effects(setup, globals.paths, reporter, options);
  const Outcome outcome = execute(plan, effects, reporter);
  // As the files are by now: a check of a large file system takes its time.
  const auto reloaded = load_setup(globals.paths);
  const Setup& now = reloaded ? *reloaded : setup;
  const bool others_well = release_what_came(globals, setup, now, options, reporter);
  if (reloaded)
    for (const Error& error : follow_volumes(now, globals.paths))
      if (std::ranges::find(unguarded, error.what, &Error::what) == unguarded.end())
        report_warning(error);
  if (systemd_runs()) start_skipped_triggers(globals, now);
  const std::vector<Row> rows = rows_at_boot(globals, now, reporter);
  print(table_text(rows, false));
  say(globals, conclusion_text(rows));
  drop(*lock);
  tell_boot(globals, {.seconds = uptime() - begun, .items = log_items(rows, reporter.details())});
  const bool whole = status_but_for_slow(globals, setup, plan, outcome) == 0 && others_well;
  const int status = whole ? 0 : exit_status(Code::partial);
  hand_over(globals, boot, tell, status);
  if (!systemd_runs()) rest_after_boot(setup, globals.paths);
  return status;
}

int start_released(const Globals& globals, const Setup& setup) {
  Facts facts;
  probe_services(facts, setup, globals.paths);
  Plan plan;
  for (const Service& service : setup.services) {
    const UnitFacts& fact = facts.units[service.unit];
    if (fact.released && !fact.active) plan.steps.push_back({ReleaseUnit{service.unit}});
  }
  if (plan.steps.empty()) {
    say(globals, "everything that is released runs");
    return 0;
  }
  TerminalReporter reporter(globals);
  ReleaseEffects effects(setup, globals.paths, reporter, {.behind_boot = true});
  return status_but_for_slow(globals, setup, plan, execute(plan, effects, reporter));
}

}  // namespace

int release_at_boot(const Globals& globals, bool over_files) {
  tell_early(globals);
  const auto setup = load_setup(globals.paths);
  if (!setup) return refuse(globals, setup.error());
  if (auto made = make_directories(globals.paths.run(), 0755); !made)
    return report_error(made.error());

  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return report_error(system_error(errno, "cannot begin the release"));
  const BootWaits boot{Fd(ends[0])};
  Fd waiting(ends[1]);
  auto worker = Worker::fork(
      [&](Channel& channel) {
        waiting.reset();
        const TellBoot tell = [&channel](int status) { channel.send('s', std::to_string(status)); };
        const int status = release(globals, *setup, over_files, boot, tell);
        tell(status);
        return status;
      },
      WorkerKind::plain);
  if (!worker) return report_error(worker.error());

  pollfd watched{worker->channel().fd(), POLLIN, 0};
  bool over = ::poll(&watched, 1, patience_ms) > 0;
  if (!over) {
    waiting.reset();
    over = ::poll(&watched, 1, 0) > 0;
  }
  int status = exit_status(Code::io);
  if (over) {
    if (const auto message = worker->channel().receive(); message && message->type == 's')
      status = static_cast<int>(parse_number(message->payload, 255).value_or(status));
    // It has a few words with systemd or LVM left.
    (void)worker->reap_within(std::chrono::minutes(1));
  } else {
    // The worker is not ended: it goes on in this unit's control group, or as a
    // process of its own.
    worker->forget();
    status = 0;
    say(globals, "this takes longer; the boot goes on, and what waits for it starts when it is done");
    if (systemd_runs()) {
      // Of what is released by now: begun without its socket, a service would stay so.
      start_skipped_triggers(globals, *setup);
      start_soon(std::string(start_unit_name));
    }
  }
  return status;
}

int finish_boot(const Globals& globals) {
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  int status = start_released(globals, *setup);
  // Last: systemd's own activation at boot would undo it, and no service is to wait for that.
  const DeviceRef& keys = setup->config.keys.device;
  if (keys.kind == DeviceRef::Kind::lv) await_activation_at_boot(keys.vg);
  rest_after_boot(*setup, globals.paths);
  // As late as can be: the release may have come to its end meanwhile.
  if (::access(globals.paths.run(left_behind).c_str(), F_OK) == 0)
    status = report_error({Code::partial, "not everything could be brought up behind the boot", "",
                           "run: " + journal_of(std::string(release_unit)) +
                               "; once it is mended: release-services"});
  return status;
}

void forget_failed_boot(const Globals& globals, bool failed) {
  ::unlink(globals.paths.run(left_behind).c_str());
  if (!failed) return;
  for (const std::string_view unit : {release_unit, start_unit_name})
    forget_failure(std::string(unit));
}

}  // namespace latchkey
