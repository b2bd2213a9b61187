// SPDX-License-Identifier: GPL-3.0-or-later
// Commands of several steps: what is about to be done is on the disk before it is
// done, and a step that was complete is not done again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config/unfinished.hpp"
#include "latchkey/cli/command.hpp"

namespace latchkey {

/// One step. Whatever was interrupted in it, running it again must make it so: it
/// begins by looking at what is there.
struct WorkStep {
  std::string name;   ///< one word; stands in the file of unfinished work
  std::string doing;  ///< a line of progress; empty: too short to tell
  std::function<Result<>()> run;
};

/// Declares the tests' own option --halt on a command: `STEP:before` and
/// `STEP:after` kill the process before the step, and after it but before it is
/// marked; with `:stop` behind, the process stops instead, until the machine is
/// reset. `list` prints the steps.
void declare_halt(CLI::App& app, const std::shared_ptr<std::string>& halt);

/// Saves the unfinished work, carries out the steps that are not marked in it, in
/// their order, marking each, and drops it at the end. Fails with the first
/// failure of a step; what was done until then stays, and stays marked.
[[nodiscard]] Result<> carry_out(const Globals& globals, Unfinished& work,
                                 const std::vector<WorkStep>& steps, const std::string& halt);

/// The same, with what it leaves unfinished told. Gives the exit status.
[[nodiscard]] int carry_out_and_tell(const Globals& globals, Unfinished& work,
                                     const std::vector<WorkStep>& steps, const std::string& halt);

/// What an interrupted run of `command` on `name` left, to go on with; nothing when
/// none did. `finish` is the command line now. Fails with Code::refused while another
/// command, or this one with other arguments, is half done there.
[[nodiscard]] Result<std::optional<Unfinished>> work_to_finish(const Globals& globals,
                                                               const std::string& name,
                                                               const std::string& command,
                                                               const std::string& finish);

/// Forgets what an interrupted run left, without undoing any of it: what it works on may be gone
/// for good. `command` and `finish` are as in work_to_finish; `what_stays` tells of what it made.
/// Nothing to forget is fine. Gives the exit status.
[[nodiscard]] int give_up(const Globals& globals, const std::string& name,
                          const std::string& command, const std::string& finish,
                          const std::function<std::string(const Unfinished&)>& what_stays);

/// Tells on stderr what is unfinished, unless a command is at work on it now.
/// `except` is the work that the caller itself is about to go on with.
void tell_unfinished(const Globals& globals, const std::string& except = {});

}  // namespace latchkey
