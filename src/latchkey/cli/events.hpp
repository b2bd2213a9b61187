// SPDX-License-Identifier: GPL-3.0-or-later
// What happened: into the log, and to the owner's hooks.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/unlock/boot_log.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/base/secret.hpp"

namespace latchkey {

/// The rows of the table as the log keeps them, with what the checks found (`details`,
/// by name).
[[nodiscard]] std::vector<LogItem> log_items(const std::vector<Row>& rows,
                                             const std::map<std::string, std::string>& details);

/// Writes an event of a command that a person typed into the log, and has the hooks
/// told of it by a process of its own, which nobody waits for. The person and the time
/// are added. What fails is a warning: no event changes an exit status.
void tell_event(const Globals& globals, const Setup& setup, LogEvent event);

/// What a command holds while it unlocks, and not while somebody is asked.
struct UnlockTurn {
  /// Before each attempt, with the passphrase. False: nothing is left to be opened. Where it
  /// fails, no attempt is made.
  std::function<Result<bool>(Secret&)> take{};
  /// After a wrong passphrase, and in each worker (see unlock_here).
  std::function<void()> let_go{};
};

/// Has volumes opened with the passphrase of a person who typed the command `by`, and
/// tells the event, unless no volume was opened. Gives what unlock_with_passphrase does; a
/// complete Outcome without steps where nothing was left to be opened.
[[nodiscard]] Result<Outcome> unlock_and_tell(const Globals& globals, const Setup& setup,
                                              const std::string& by, TerminalReporter& reporter,
                                              const UnlockTurn& turn = {});

/// For the boot, which does not wait for /var: the process that tells the hooks also
/// writes to the log. An event without a kind is judged when the services that it started
/// have settled. What fails is a warning.
void tell_boot(const Globals& globals, const LogEvent& event);

/// What early boot did: to whoever reads the journal each time, to the log and the hooks once
/// in a boot. What fails is a warning.
void tell_early(const Globals& globals);

/// A time as people read it where this machine is: `2026-01-31 12:59:00 +0100`, or
/// `12:59:00`.
[[nodiscard]] std::string date_text(std::int64_t time, bool whole);

}  // namespace latchkey
