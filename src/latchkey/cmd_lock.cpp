// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey lock`: stop the services, unmount, close.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/command.hpp"
#include "latchkey/cli/plan_view.hpp"
#include "latchkey/cli/summary.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/hold/packages.hpp"
#include "sys/hold/release_effects.hpp"
#include "sys/keys/unlock_turn.hpp"
#include "sys/luks/volume_use.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/probe.hpp"

namespace latchkey {
namespace {

// All markers go before anything stops, so that nothing which a stop sets off
// starts a unit again between here and the unmount.
int take_markers(const Setup& setup, const Paths& paths) {
  for (const Service& service : setup.services)
    if (auto gone = set_marker(paths, service.unit, false); !gone) return report_error(gone.error());
  return 0;
}

// Somebody's use of a volume is the answer to why it is not closed, whatever
// else is closed by then.
int status_of(const Outcome& outcome) {
  for (const StepOutcome& step : outcome.steps)
    if (step.kind == StepOutcome::Kind::failed && step.error.code == Code::busy)
      return exit_status(Code::busy);
  return outcome.status();
}

Facts facts_now(const Setup& setup, const Paths& paths) {
  Facts facts = probe_all(setup, paths);
  probe_layers(facts, setup);
  return facts;
}

// What somebody opened by hand, under another name, is not ours to close, and is not closed.
int tell_of_others(const Setup& setup) {
  int status = 0;
  for (const Volume& volume : setup.volumes)
    if (const auto other = other_mapping_on(volume))
      status = report_error(
          {Code::busy, "'" + volume.name + "' is not closed", other->text(), other->hint()});
  return status;
}

// Nor is what has a volume's name and was not known to be that volume, so was not closed.
int tell_of_names(const Setup& setup, const Facts& facts) {
  int status = 0;
  for (const Volume& volume : setup.volumes) {
    const auto left = find_mapping(volume.mapping);
    if (!left || !left->live || kept_by_system(setup, facts, volume)) continue;
    const VolumeFacts& fact = facts.volumes.at(volume.name);
    const std::string& taken = fact.taken.empty() ? fact.elsewhere : fact.taken;
    status = report_error({Code::busy, "'" + volume.name + "' is not closed",
                           taken.empty() ? "'" + volume.mapping + "' is open" : taken,
                           "close it by hand; look at: dmsetup ls --tree"});
  }
  return status;
}

// A look into the keys volume ends too: it would give every key away meanwhile. Says whether
// it was there.
Result<bool> close_keys(const Globals& globals, const Setup& setup) {
  if (!find_mapping(setup.config.keys.mapping)) return false;
  if (auto closed = close_keys_volume(setup, globals.paths); !closed) return closed.error();
  say(globals, "the keys volume is closed");
  return true;
}

int lock_volumes(const Globals& globals, bool dry_run, bool despite_packages) {
  auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  if (dry_run) {
    if (find_mapping(setup->config.keys.mapping)) say(globals, "close the keys volume");
    return show_plan(plan_lock(*setup, facts_now(*setup, globals.paths)), false);
  }
  if (::geteuid() != 0)
    return report_error({Code::refused, "cannot lock", "only root can stop services and unmount",
                         "run: sudo latchkey lock"});
  tell_of_own_mounts(globals);
  if (auto made = make_directories(globals.paths.run(), 0755); !made)
    return report_error(made.error());
  auto turn =
      LockFile::take(globals.paths.run(release_lock_name), "a release", std::chrono::minutes(2));
  if (!turn) return report_error(turn.error());
  // What was made while this waited is to be closed too.
  setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  const Facts facts = facts_now(*setup, globals.paths);
  const Plan plan = plan_lock(*setup, facts);
  if (plan.steps.empty()) {
    int left = tell_of_others(*setup);
    if (left == 0) left = tell_of_names(*setup, facts);
    const auto keys = close_keys(globals, *setup);
    if (!keys) return report_error(keys.error());
    if (left == 0 && !*keys) say(globals, "nothing to do: everything is closed");
    return left;
  }
  if (const auto pid = package_manager(globals.paths.root); pid && !despite_packages) {
    if (const auto keys = close_keys(globals, *setup); !keys) (void)report_error(keys.error());
    return report_error(
        {Code::busy, "the volumes stay open",
         "packages are being installed or removed: what they start anew would find its data gone",
         "wait until that has ended" +
             (*pid > 0 ? " (it is: ps -fp " + std::to_string(*pid) + ")" : std::string()) +
             ", then run this again; or close all the same: latchkey lock --despite-packages"});
  }
  outlive_connection();
  if (const int status = take_markers(*setup, globals.paths); status != 0) return status;
  TerminalReporter reporter(globals);
  ReleaseEffects effects(*setup, globals.paths, reporter, {.let_go = [&turn] { drop(*turn); }});
  const Outcome outcome = execute(plan, effects, reporter);
  int left = tell_of_others(*setup);
  // What a step could not close has been told.
  if (outcome.complete() && left == 0)
    left = tell_of_names(*setup, facts_now(*setup, globals.paths));
  if (const auto keys = close_keys(globals, *setup); !keys) left = report_error(keys.error());
  if (outcome.complete() && left == 0)
    say(globals, "everything is closed; to open it again, run: release-services");
  else if (!setup->services.empty())
    say(globals,
        "what was stopped stays so, also for whoever would end by it what still runs, as a guest "
        "by libvirt; to start it again, run: release-services");
  return left != 0 ? left : status_of(outcome);
}

}  // namespace

Run declare_lock(CLI::App& app, const Globals& globals) {
  const auto dry_run = std::make_shared<bool>(false);
  app.add_flag("-n,--dry-run", *dry_run, "say what would be done and do nothing");
  const auto despite = std::make_shared<bool>(false);
  app.add_flag("--despite-packages", *despite, "also while packages are being installed");
  return [dry_run, despite, &globals] { return lock_volumes(globals, *dry_run, *despite); };
}

}  // namespace latchkey
