// SPDX-License-Identifier: GPL-3.0-or-later
// A command that works in steps, killed between any two of them: what the next
// command says, and what the same command does when it is run again.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/kill_table.hpp"
#include "support/machine.hpp"

namespace latchkey::test {

struct KillStory {
  std::string verb{};        ///< "create-volume"
  std::string arguments{};   ///< what follows it, for the guest's shell
  std::string input{};       ///< what is piped into it, each time that it is run
  std::string snapshot{};    ///< where every kill begins: the guest at its login
  std::string unfinished{};  ///< what other commands must say of it: its name and object
  std::vector<std::string> power_cuts{};    ///< steps before which the plug is pulled too
  std::function<void(Machine&)> between{};  ///< what holds before the second run too; may be empty
  std::function<void(Machine&)> check{};    ///< the end state, after the second run
  /// The same, by what the second run said; may be empty.
  std::function<void(Machine&, const std::string& said)> check_said{};
};

/// The steps of the story's command, as its hidden option `--halt list` names them.
/// Throws when it names none.
[[nodiscard]] std::vector<std::string> steps_of(Machine& machine, const KillStory& story);

/// When a command is killed: right `after` a step, and in a thorough run (LATCHKEY_TEST_THOROUGH)
/// `before` it as well, which is after the one before it and its mark.
[[nodiscard]] std::vector<std::string> kill_moments();

/// Kills the command at kill_moments() of each of its steps, and by a hard stop of
/// the guest before those of `power_cuts`; each time looks what `latchkey status`
/// says, runs the command again to its end, and checks. Fails as Catch2 tests do;
/// throws when the guest or the command cannot be brought to a point at all.
[[nodiscard]] std::vector<KillRow> kill_everywhere(Machine& machine, const KillStory& story);

/// With LATCHKEY_WRITE_TABLES in the environment, writes the rows into the command's
/// part of tests/README.md; without, fails when they are not what stands there.
void prove_table(const std::string& verb, const std::vector<KillRow>& rows);

}  // namespace latchkey::test
