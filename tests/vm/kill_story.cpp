// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/kill_story.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "support/catch.hpp"

namespace latchkey::test {
namespace {

const std::string readme = LATCHKEY_SOURCE_DIR "/tests/README.md";

// The command with `--halt POINT`, before what a `--` among its arguments would hide.
std::string command(const KillStory& story, const std::string& point = {}) {
  return "latchkey " + story.verb + (point.empty() ? "" : " --halt " + point) + " " +
         story.arguments;
}

// ssh itself ends with 255 when the guest's program died of a signal: the shell there
// has to outlive it to tell.
int status_of_kill(Machine& machine, const KillStory& story, const std::string& point) {
  const Done done = machine.sh(command(story, point) + "; exit $?", story.input);
  INFO(done.output);
  CHECK(done.status == 137);
  return done.status;
}

// Halts the command before a step and pulls the plug on the guest while it stands
// there: what is on no disk yet is gone.
void cut_power(Machine& machine, const KillStory& story, const std::string& step) {
  machine.must("umask 077; cat > /run/halted-input", story.input);
  // Each field of /proc/PID/stat but the name is without parentheses.
  machine.must("setsid " + command(story, step + ":before:stop") +
               " < /run/halted-input > /run/halted-output 2>&1 & "
               "until grep -q ') T ' /proc/$!/stat; do "
               "kill -0 $! 2>/dev/null || { cat /run/halted-output; exit 1; }; done");
  // A guest that is set up by now waits in early boot the next time.
  if (machine.sh("ls /etc/latchkey/hostkeys/*.pub").status == 0) machine.trust_early();
  machine.reset();
  machine.come_up();
}

// The rest of a row: what another command says, the second run, the end state.
KillRow finish(Machine& machine, const KillStory& story, const std::string& step,
               const std::string& moment) {
  KillRow row{step, moment, "", ""};
  const std::string status = machine.sh("latchkey status 2>&1 >/dev/null").output;
  INFO("latchkey status said on stderr:\n" << status);
  row.said = line_with(status, story.unfinished);
  CHECK(!row.said.empty());
  if (story.between) story.between(machine);

  const Done again = machine.sh(command(story), story.input);
  INFO("the second run said:\n" << again.output);
  CHECK(again.status == 0);
  row.did = "ends with " + std::to_string(again.status);

  const std::string after = machine.sh("latchkey status 2>&1 >/dev/null").output;
  INFO("latchkey status said on stderr after the second run:\n" << after);
  CHECK(line_with(after, story.unfinished).empty());
  if (story.check) story.check(machine);
  if (story.check_said) story.check_said(machine, again.output);
  return row;
}

}  // namespace

std::vector<std::string> steps_of(Machine& machine, const KillStory& story) {
  std::istringstream printed(machine.must(command(story, "list") + " 2>/dev/null", story.input));
  std::vector<std::string> steps;
  for (std::string step; std::getline(printed, step);) steps.push_back(step);
  if (steps.empty()) throw std::runtime_error("'latchkey " + story.verb + "' names no steps");
  return steps;
}

std::vector<std::string> kill_moments() {
  std::vector<std::string> out{"after"};
  if (std::getenv("LATCHKEY_TEST_THOROUGH") != nullptr) out.insert(out.begin(), "before");
  return out;
}

std::vector<KillRow> kill_everywhere(Machine& machine, const KillStory& story) {
  machine.load(story.snapshot);
  const std::vector<std::string> steps = steps_of(machine, story);
  for (const std::string& step : story.power_cuts)
    if (std::find(steps.begin(), steps.end(), step) == steps.end())
      throw std::runtime_error("'latchkey " + story.verb + "' has no step '" + step + "'");

  std::vector<KillRow> rows;
  for (const std::string& step : steps) {
    for (const std::string& moment : kill_moments()) {
      INFO("killed " << moment << " the step '" << step << "'");
      machine.load(story.snapshot);
      // A step that was not reached proves nothing about a kill there.
      if (status_of_kill(machine, story, step + ":" + moment) != 137) continue;
      rows.push_back(finish(machine, story, step, moment));
    }
    if (std::find(story.power_cuts.begin(), story.power_cuts.end(), step) == story.power_cuts.end())
      continue;
    INFO("power cut before the step '" << step << "'");
    machine.load(story.snapshot);
    cut_power(machine, story, step);
    rows.push_back(finish(machine, story, step, "power cut before"));
  }
  return rows;
}

void prove_table(const std::string& verb, const std::vector<KillRow>& rows) {
  std::ifstream in(readme);
  const std::string stands{std::istreambuf_iterator<char>(in), {}};
  if (!in) throw std::runtime_error("cannot read " + readme);
  // The table is the same after a thorough run.
  std::vector<KillRow> told = rows;
  std::erase_if(told, [](const KillRow& row) { return row.moment == "before"; });
  const std::string proved = with_kill_table(stands, verb, kill_table(told));
  if (std::getenv("LATCHKEY_WRITE_TABLES") == nullptr) {
    INFO("run again with LATCHKEY_WRITE_TABLES=1 if the change is meant");
    CHECK(proved == stands);
    return;
  }
  std::ofstream out(readme);
  out << proved;
  if (!out.flush()) throw std::runtime_error("cannot write " + readme);
}

}  // namespace latchkey::test
