// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "core/plan/plan.hpp"
#include "latchkey/cli/command.hpp"
#include "latchkey/cli/events.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/keys/unlock_turn.hpp"
#include "sys/storage/probe.hpp"

namespace latchkey {
namespace {

int unlock(const Globals& globals) {
  protect_process();
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  if (!unlock_needed(*setup, probe_volumes(*setup))) {
    if (!globals.quiet) print("all volumes are open; nothing to do\n");
    return 0;
  }
  if (::geteuid() != 0)
    return report_error({Code::refused, "cannot unlock", "only root can open volumes",
                         "run: sudo latchkey unlock"});
  TerminalReporter reporter(globals);
  const auto outcome = unlock_and_tell(globals, *setup, "unlock", reporter);
  if (auto rested = rest_keys_volume_unless_used(*setup, globals.paths); !rested)
    report_warning(rested.error());
  if (!outcome) return report_error(outcome.error());
  return outcome->status();
}

}  // namespace

Run declare_unlock(CLI::App&, const Globals& globals) {
  return [&globals] { return unlock(globals); };
}

}  // namespace latchkey
