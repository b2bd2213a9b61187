// SPDX-License-Identifier: GPL-3.0-or-later
// The services of sysvinit: scripts in /etc/init.d that start and stop something
// and, most of them, tell whether it runs.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/hold/init_script.hpp"
#include "core/plan/facts.hpp"
#include "core/plan/plan.hpp"
#include "sys/config/setup.hpp"
#include "sys/hold/turn.hpp"

namespace latchkey {

/// A script, and what its text says of it.
struct InitScript {
  std::string name;           ///< as in /etc/init.d
  std::string path;           ///< with the root of `paths`
  bool guarded = false;       ///< it reads init-functions, where our guard is
  bool tells_status = false;  ///< it understands `status`
};

/// Where the guard is that init-functions reads.
[[nodiscard]] std::string guard_file(const Paths& paths);

/// The names of all scripts, sorted.
[[nodiscard]] std::vector<std::string> all_scripts(const Paths& paths);

/// The script of a unit, or nothing when there is none that could be run.
[[nodiscard]] std::optional<InitScript> find_script(const Paths& paths, const std::string& unit);

/// Asks a script for its state, for half a minute at most. One that gives no answer,
/// or does not understand the question, is unknown.
[[nodiscard]] ScriptState script_state(const InitScript& script);

/// Starts a service and waits until its script has ended and it runs; what runs already
/// is left alone. Its `turn` lasts until then. Gives a word for people. Fails with Code::timeout
/// when the script has not ended after `timeout` (it is not killed: a database may be at its
/// recovery) and Code::io when it does not run then.
[[nodiscard]] Result<std::string> start_script(const InitScript& script,
                                               std::chrono::seconds timeout, const Turn& turn);

/// Stops a service. Fails with Code::timeout when it still runs after `timeout`, and
/// with Code::io when its script fails and cannot tell.
[[nodiscard]] Result<> stop_script(const InitScript& script, std::chrono::seconds timeout);

/// Sets the facts of every configured unit that has a script, beside `released`.
void probe_scripts(Facts& facts, const Setup& setup, const Paths& paths);

}  // namespace latchkey
