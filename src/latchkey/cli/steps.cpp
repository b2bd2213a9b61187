// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/cli/steps.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>

#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/config/unfinished.hpp"

namespace latchkey {
namespace {

void halt_here(const std::string& halt, const std::string& point) {
  if (halt == point) ::kill(::getpid(), SIGKILL);
  if (halt == point + ":stop") ::kill(::getpid(), SIGSTOP);
}

}  // namespace

void declare_halt(CLI::App& app, const std::shared_ptr<std::string>& halt) {
  app.add_option("--halt", *halt)->group("");
}

Result<> carry_out(const Globals& globals, Unfinished& work, const std::vector<WorkStep>& steps,
                   const std::string& halt) {
  if (halt == "list") {
    for (const WorkStep& step : steps) print(step.name + "\n");
    return Ok{};
  }
  if (work.begun.empty()) work.begun = now_text();
  if (auto saved = save_unfinished(globals.paths, work); !saved) return saved;
  for (const WorkStep& step : steps) {
    if (work.is_done(step.name)) continue;
    if (!step.doing.empty()) say(globals, step.doing);
    halt_here(halt, step.name + ":before");
    if (auto done = step.run(); !done) return done;
    halt_here(halt, step.name + ":after");
    work.done.push_back(step.name);
    if (auto saved = save_unfinished(globals.paths, work); !saved) return saved;
  }
  return drop_unfinished(globals.paths, work.name);
}

int carry_out_and_tell(const Globals& globals, Unfinished& work, const std::vector<WorkStep>& steps,
                       const std::string& halt) {
  const auto done = carry_out(globals, work, steps, halt);
  if (done) return 0;
  const int status = report_error(done.error());
  report_warning(describe_unfinished(work));
  return status;
}

Result<std::optional<Unfinished>> work_to_finish(const Globals& globals, const std::string& name,
                                                 const std::string& command,
                                                 const std::string& finish) {
  auto before = load_unfinished(globals.paths, name);
  if (!before || !*before) return before;
  if ((*before)->command == command && (*before)->finish == finish) return before;
  Error error = describe_unfinished(**before);
  error.code = Code::refused;
  return error;
}

int give_up(const Globals& globals, const std::string& name, const std::string& command,
            const std::string& finish,
            const std::function<std::string(const Unfinished&)>& what_stays) {
  const auto before = work_to_finish(globals, name, command, finish);
  if (!before) return report_error(before.error());
  if (!*before) {
    say(globals, "no '" + command + "' is unfinished: nothing to do");
    return 0;
  }
  const std::string stays = what_stays(**before);
  if (auto dropped = drop_unfinished(globals.paths, name); !dropped)
    return report_error(dropped.error());
  say(globals, "'" + command + "' is given up, and '" +
                   globals.paths.etc("unfinished/" + name + ".json") + "' removed; " + stays);
  return 0;
}

void tell_unfinished(const Globals& globals, const std::string& except) {
  // /etc/latchkey/unfinished is root's; for others there is nothing to see.
  const auto all = list_unfinished(globals.paths);
  if (all.empty() || another_command_works(globals.paths)) return;
  for (const Unfinished& work : all)
    if (work.name != except) report_warning(describe_unfinished(work));
}

}  // namespace latchkey
