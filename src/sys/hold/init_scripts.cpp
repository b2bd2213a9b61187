// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/init_scripts.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "core/base/message.hpp"
#include "core/base/shell_word.hpp"
#include "sys/base/fd.hpp"
#include "sys/hold/rc_links.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Their daemons may need a while to become what `status` looks for.
constexpr seconds settling(10);

std::string directory(const Paths& paths) { return paths.root + "/etc/init.d"; }

// As service(8) calls them: from a directory that keeps no file system busy.
std::vector<std::string> call(const InitScript& script, const std::string& word) {
  return {"env", "--chdir=/", script.path, word};
}

std::string seconds_text(seconds time) { return duration_text(static_cast<double>(time.count())); }

std::string status_hint(const InitScript& script) {
  return "run: service " + shell_word(script.name) + " status; look into its own log";
}

// Waits until the script says that it runs, or does not; true when it says so in time.
// Nothing tells of it: it has to be asked again.
bool await(const InitScript& script, bool running, Clock::time_point deadline) {
  for (milliseconds pause(100);; pause = std::min(pause * 2, milliseconds(1000))) {
    if ((script_state(script) == ScriptState::running) == running) return true;
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(pause);
  }
}

std::string state_text(const InitScript& script, ScriptState state) {
  if (!script.tells_status) return "its script tells no status";
  switch (state) {
    case ScriptState::running:
      return "active";
    case ScriptState::died:
      return "failed";
    case ScriptState::stopped:
      return "inactive";
    case ScriptState::unknown:
      break;
  }
  return "its script gave no answer";
}

}  // namespace

std::string guard_file(const Paths& paths) {
  return paths.root + "/lib/lsb/init-functions.d/50-latchkey";
}

std::vector<std::string> all_scripts(const Paths& paths) {
  std::vector<std::string> out;
  for (const std::string& name : names_in(directory(paths))) {
    const std::string path = directory(paths) + "/" + name;
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
        ::access(path.c_str(), X_OK) == 0)
      out.push_back(name);
  }
  return out;
}

std::optional<InitScript> find_script(const Paths& paths, const std::string& unit) {
  const std::string stem = script_of(unit);
  if (stem.empty()) return {};
  for (const std::string& name : {stem, stem + ".sh"}) {
    const std::string path = directory(paths) + "/" + name;
    if (::access(path.c_str(), X_OK) != 0) continue;
    const auto text = read_file(path);
    if (!text) continue;
    return InitScript{name, path, reads_init_functions(*text), latchkey::tells_status(*text)};
  }
  return {};
}

ScriptState script_state(const InitScript& script) {
  if (!script.tells_status) return ScriptState::unknown;
  const auto ran = run(call(script, "status"), {.timeout = seconds(30)});
  return ran ? judge_status(ran->status) : ScriptState::unknown;
}

Result<std::string> start_script(const InitScript& script, seconds timeout, const Turn& turn) {
  const std::string what = "cannot start '" + script.name + "'";
  turn.wait();
  if (script_state(script) == ScriptState::running) {
    turn.pass();
    return std::string("running");
  }
  const auto ended = run_daemon(call(script, "start"), timeout);
  turn.pass();
  if (!ended) return Error{ended.error().code, what, sentence(ended.error()), ""};
  if (!*ended)
    return Error{Code::timeout, what,
                 "its script has not ended after " + seconds_text(timeout) + ", and goes on",
                 status_hint(script)};
  const int status = **ended;
  if (script.tells_status) {
    const auto deadline = Clock::now() + (status == 0 ? settling : seconds(0));
    if (await(script, true, deadline)) return std::string("running");
  } else if (status == 0) {
    return std::string("started; its script tells no status");
  }
  return Error{Code::io, what,
               status == 0 ? "its script ended well, but says that it does not run"
                           : "its script ended with status " + std::to_string(status),
               status_hint(script)};
}

Result<> stop_script(const InitScript& script, seconds timeout) {
  const std::string what = "cannot stop '" + script.name + "'";
  const auto deadline = Clock::now() + timeout;
  const ScriptState before = script_state(script);
  if (before == ScriptState::stopped) return Ok{};
  const auto ended = run_daemon(call(script, "stop"), timeout);
  if (!ended) return Error{ended.error().code, what, sentence(ended.error()), ""};
  if (!*ended)
    return Error{Code::timeout, what, "its script has not ended after " + seconds_text(timeout),
                 status_hint(script)};
  if (!script.tells_status)
    return **ended == 0 ? Result<>(Ok{})
                        : Error{Code::io, what,
                                "its script ended with status " + std::to_string(**ended), ""};
  if (await(script, false, deadline)) return Ok{};
  return Error{Code::timeout, what, "it still runs after " + seconds_text(timeout),
               status_hint(script)};
}

void probe_scripts(Facts& facts, const Setup& setup, const Paths& paths) {
  const bool guard = ::access(guard_file(paths).c_str(), R_OK) == 0;
  for (const Service& service : setup.services) {
    UnitFacts& fact = facts.units[service.unit];
    const auto script = find_script(paths, service.unit);
    fact.known = script.has_value();
    if (!script) {
      fact.state = "not-found";
      continue;
    }
    const ScriptState state = script_state(*script);
    // Where nobody can tell, the release is what is known.
    fact.active = script->tells_status ? state == ScriptState::running : fact.released;
    fact.runs = fact.active;
    fact.failed = fact.released && state == ScriptState::died;
    fact.held = script->guarded ? guard : !starts_at_boot(links_of(paths, script->name));
    fact.state = state_text(*script, state);
  }
}

}  // namespace latchkey
