// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>

#include "latchkey/command.hpp"
#include "latchkey/events.hpp"
#include "latchkey/terminal.hpp"
#include "sys/ask.hpp"
#include "sys/clock.hpp"
#include "sys/probe.hpp"
#include "sys/unlock.hpp"

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
  TerminalReporter reporter(globals);
  double begun = uptime();
  const auto outcome = unlock_with_passphrase([&](Secret passphrase) {
    begun = uptime();  // not when somebody was asked
    return unlock_here(*setup, globals.paths, std::move(passphrase), reporter);
  });
  if (auto rested = rest_keys_volume(*setup); !rested) report_warning(rested.error());
  if (!outcome) return report_error(outcome.error());
  tell_unlocked(globals, *setup, "unlock", uptime() - begun, reporter);
  return outcome->status();
}

}  // namespace

Run declare_unlock(CLI::App&, const Globals& globals) {
  return [&globals] { return unlock(globals); };
}

}  // namespace latchkey
