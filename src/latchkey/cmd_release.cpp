// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey release-services`, also called as `release-services`: unlock when a
// person is there, check, mount, release.
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/plan/narrow.hpp"
#include "core/plan/plan.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/command.hpp"
#include "latchkey/cli/events.hpp"
#include "latchkey/cli/plan_view.hpp"
#include "latchkey/cli/summary.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/hold/release_boot.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/base/secret.hpp"
#include "sys/hold/drop_ins.hpp"
#include "sys/hold/release_effects.hpp"
#include "sys/keys/unlock_turn.hpp"
#include "sys/mount/mount.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/probe.hpp"
#include "sys/units/systemd.hpp"
#include "sys/unlock/ask.hpp"

namespace latchkey {
namespace {

struct Flags {
  bool boot = false;
  bool start = false;
  bool dry_run = false;
  bool json = false;
  bool over_files = false;
  std::vector<std::string> only{};
};

// One release at a time, or one lock. Not held while somebody is asked for the passphrase: who
// has left a prompt behind, on a line that died, keeps nobody else from bringing everything up.
class ReleaseTurn {
 public:
  explicit ReleaseTurn(const Globals& globals) : globals_(globals) {}

  /// Waits for who has it, unless it is held already, for half a day at the most; `meanwhile` is
  /// called every few seconds. Fails as LockFile::take does.
  Result<> take(const std::function<void()>& meanwhile = {}) {
    if (lock_) return Ok{};
    auto lock = take_within(std::chrono::seconds(0));
    if (busy(lock)) say(globals_, lock.error().why + "; waiting until it has ended");
    const auto until = std::chrono::steady_clock::now() + std::chrono::hours(12);
    while (busy(lock) && std::chrono::steady_clock::now() < until) {
      if (meanwhile) meanwhile();
      lock = take_within(std::chrono::seconds(5));
    }
    if (!lock) return lock.error();
    lock_ = std::move(*lock);
    return Ok{};
  }
  void let_go() { lock_.reset(); }

 private:
  static bool busy(const Result<LockFile>& lock) {
    return !lock && lock.error().code == Code::busy;
  }
  [[nodiscard]] Result<LockFile> take_within(std::chrono::seconds time) const {
    return LockFile::take(globals_.paths.run(release_lock_name), "a release", time);
  }

  const Globals& globals_;
  std::optional<LockFile> lock_{};
};

// A core would hold the passphrase. What is started afterwards without systemd would inherit
// the limit.
class NoCore {
 public:
  NoCore() {
    ::getrlimit(RLIMIT_CORE, &before_);
    protect_process();
  }
  NoCore(const NoCore&) = delete;
  NoCore& operator=(const NoCore&) = delete;
  ~NoCore() { ::setrlimit(RLIMIT_CORE, &before_); }

 private:
  rlimit before_{};
};

// Before an attempt, however long somebody thought: another one may have brought everything up.
// While that is under way the passphrase is kept no longer than anything is closed.
Result<bool> begin_attempt(const Setup& setup, ReleaseTurn& turn, Secret& passphrase) {
  const auto open = [&setup] { return !unlock_needed(setup, probe_volumes(setup)); };
  bool wiped = false;
  const auto taken = turn.take([&] {
    if (wiped || !open()) return;
    passphrase.clear();
    wiped = true;
  });
  if (!taken) return taken.error();
  if (open()) return false;
  if (!wiped) return true;
  return Error{Code::busy, "cannot unlock", "the volumes were opened and closed again meanwhile",
               "run this again"};
}

// Opens what is closed, when somebody gives a passphrase. Nothing: nobody did. A worker that
// a disk holds up for good would keep the turn, and so every other release away.
std::optional<Result<Outcome>> unlock_first(const Globals& globals, const Setup& setup,
                                            ReleaseTurn& turn, TerminalReporter& reporter) {
  if (!passphrase_can_come()) return {};
  const NoCore protection;
  turn.let_go();
  auto outcome = unlock_and_tell(
      globals, setup, "release-services", reporter,
      {.take = [&](Secret& passphrase) { return begin_attempt(setup, turn, passphrase); },
       .let_go = [&turn] { turn.let_go(); }});
  if (!outcome && outcome.error().code == Code::usage) return {};
  return outcome;
}

void show(const Flags& flags, const Setup& setup, const Facts& facts, const Plan& plan,
          const Outcome& outcome, const std::vector<Row>& rows, int status) {
  if (!flags.json) {
    print(table_text(rows, colour_wanted()));
    return;
  }
  nlohmann::json json = summary_json(setup, facts, rows);
  json["steps"] = steps_json(plan, &outcome);
  json["status"] = status;
  print(dump(json));
}

// 0 only when all that was asked is so. `closed`: some of it is a volume that is not open, which
// no step of the release may wait for, as one that is mounted nowhere.
int status_of(const Outcome& outcome, const std::optional<Result<Outcome>>& unlocked, bool closed) {
  const int released = outcome.status();
  const int partial = exit_status(Code::partial);
  int opened = 0;
  if (unlocked) opened = *unlocked ? (*unlocked)->status() : exit_status(unlocked->error().code);
  if (released == 0 && !closed) return 0;
  if (opened != 0 && !outcome.any_goal) return opened;
  return released == 0 ? partial : released;
}

// True when a volume that is asked for (all, where `only` is empty) is not open.
bool any_closed(Setup asked, const Facts& facts, const std::set<std::string>& only) {
  if (!only.empty())
    std::erase_if(asked.volumes, [&](const Volume& one) { return !only.contains(one.name); });
  return unlock_needed(asked, facts);
}

// A drop-in that still asks for a mount point which was changed would keep its unit down.
void follow_changed_volumes(const Globals& globals, const Setup& setup) {
  if (!globals.paths.root.empty() || !systemd_runs()) return;
  if (stale_drop_ins(globals.paths, setup.volumes).empty()) return;
  if (auto reloaded = reload_systemd(); !reloaded) report_warning(reloaded.error());
}

// systemd.exec(5): set for what a unit runs. What is queued behind that very unit cannot start
// before we end.
bool is_run_by_unit() {
  if (std::getenv("INVOCATION_ID") == nullptr) return false;
  // A login on a console inherits that of its getty; logind puts it into a scope.
  const auto group = read_file("/proc/self/cgroup");
  return !group || (group->find("/session-") == std::string::npos &&
                    group->find("getty@") == std::string::npos);
}

// One release: opens what is closed, checks, mounts, starts, tells.
class Release {
 public:
  // `only`: the names of volumes and units that are asked for; all, where it is empty.
  Release(const Flags& flags, const Globals& globals, Setup setup, std::set<std::string> only)
      : flags_(flags),
        globals_(globals),
        setup_(std::move(setup)),
        only_(std::move(only)),
        turn_(globals),
        reporter_(globals) {}

  Result<int> run() {
    // Also before anybody is asked: who is under way may open everything.
    if (auto taken = turn_.take(); !taken) return taken.error();
    // Somebody's check may have taken hours.
    if (auto read = read_again(); !read) return read.error();
    Facts facts = probe_all(setup_, globals_.paths);
    if (unlock_needed(setup_, facts)) {
      if (auto done = open_closed(); !done) return done.error();
      facts = probe_all(setup_, globals_.paths);
      if (!unlocked_ && unlock_needed(setup_, facts))
        say(globals_, "volumes are closed and nobody gave the passphrase");
    }
    outlive_connection();
    follow_changed_volumes(globals_, setup_);
    return carry_out(facts);
  }

 private:
  // What was made or changed meanwhile counts, and is released too.
  Result<> read_again() {
    auto setup = load_setup(globals_.paths);
    if (!setup) return setup.error();
    setup_ = std::move(*setup);
    return Ok{};
  }

  Result<> open_closed() {
    unlocked_ = unlock_first(globals_, setup_, turn_, reporter_);
    if (unlocked_ && !*unlocked_) (void)report_error(unlocked_->error());
    if (auto taken = turn_.take(); !taken) return taken;
    // A prompt may stand for days.
    if (auto read = read_again(); !read) return read;
    if (auto rested = rest_keys_volume_unless_used(setup_, globals_.paths); !rested)
      report_warning(rested.error());
    return Ok{};
  }

  int carry_out(const Facts& before) {
    const double begun = uptime();
    Plan plan;
    plan_release(plan, setup_, before);
    plan = narrow(plan, setup_, only_);
    if (plan.steps.empty()) say(globals_, "nothing to do");
    ReleaseEffects effects(setup_, globals_.paths, reporter_,
                           {.over_files = flags_.over_files,
                            .let_go = [this] { turn_.let_go(); },
                            .behind_boot = is_run_by_unit()});
    const Outcome outcome = execute(plan, effects, reporter_);
    // As the files are by now: a check of a large file system takes its time.
    if (const auto now = load_setup(globals_.paths))
      for (const Error& error : follow_volumes(*now, globals_.paths)) report_warning(error);
    return tell(plan, outcome, begun);
  }

  // Gives the exit status, of how everything is now.
  int tell(const Plan& plan, const Outcome& outcome, double begun) {
    Facts facts = probe_all(setup_, globals_.paths);
    probe_disks(facts, setup_);
    const std::vector<Row> rows = make_rows(setup_, facts, reporter_.reasons());
    int status = status_of(outcome, unlocked_, any_closed(setup_, facts, only_));
    if (status == 0 && any_failing(rows)) status = exit_status(Code::partial);
    // The boot's own unit may have failed for what is repaired now.
    if (status == 0 && all_up(rows)) forget_failed_boot(globals_, facts.release_failed);
    show(flags_, setup_, facts, plan, outcome, rows, status);
    turn_.let_go();  // a hook is never run while a release is under way
    if (!plan.steps.empty())
      tell_event(globals_, setup_,
                 {.kind = status == 0 ? "released" : "failed",
                  .by = "release-services",
                  .seconds = uptime() - begun,
                  .items = log_items(rows, reporter_.details())});
    return status;
  }

  const Flags& flags_;
  const Globals& globals_;
  Setup setup_;
  std::set<std::string> only_;
  ReleaseTurn turn_;
  TerminalReporter reporter_;
  std::optional<Result<Outcome>> unlocked_{};  // nothing: nothing was closed, or nobody came
};

int release_now(const Flags& flags, const Globals& globals) {
  auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  std::set<std::string> only;
  for (const std::string& typed : flags.only) {
    const auto name = resolve_name(*setup, typed);
    if (!name) return report_error(name.error());
    only.insert(*name);
  }
  if (flags.dry_run)
    return show_plan(narrow(plan_unlock_and_release(*setup, globals.paths), *setup, only),
                     flags.json);
  if (::geteuid() != 0)
    return report_error({Code::refused, "cannot release", "only root can mount and start services",
                         "run: sudo release-services"});
  tell_of_own_mounts(globals);
  if (auto made = make_directories(globals.paths.run(), 0755); !made)
    return report_error(made.error());
  const auto status = Release(flags, globals, std::move(*setup), std::move(only)).run();
  return status ? *status : report_error(status.error());
}

}  // namespace

Run declare_release(CLI::App& app, const Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  app.add_option("--only", flags->only, "only this volume or unit, and what it needs")
      ->type_name("VOLUME|UNIT");
  app.add_flag("-n,--dry-run", flags->dry_run, "say what would be done and do nothing");
  app.add_flag("--json", flags->json, "results as JSON");
  app.add_flag("--over-files", flags->over_files,
               "mount also where files in the mount point would be hidden");
  app.add_flag("--boot", flags->boot)->group("");    // for latchkey-release, unit and script
  app.add_flag("--start", flags->start)->group("");  // for latchkey-start.service
  return [flags, &globals] {
    if (flags->boot) return release_at_boot(globals, flags->over_files);
    if (flags->start) return finish_boot(globals);
    return release_now(*flags, globals);
  };
}

}  // namespace latchkey
