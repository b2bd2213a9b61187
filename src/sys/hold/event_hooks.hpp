// SPDX-License-Identifier: GPL-3.0-or-later
// Running the owner's hooks.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// What run_hooks is told.
struct HookRun {
  std::string directory{};  ///< below which a directory of the event's name lies
  std::string event{};
  std::string document{};  ///< what each hook gets as its standard input
  std::chrono::seconds bound{30};
  std::function<void(const std::string&)> tell{};  ///< a line that a hook printed
  std::function<void(const Error&)> warn{};        ///< a hook that failed or was refused
};

/// True when the event's directory holds anything.
[[nodiscard]] bool any_hook(const std::string& directory, const std::string& event);

/// Why which of the files in the event's directory would not be run.
[[nodiscard]] std::vector<Error> refused_hooks(const std::string& directory,
                                               const std::string& event);

/// Runs the hooks of an event one after the other, in the order of their names. Each
/// has a process group of its own, which is killed when the hook has ended or after
/// the bound; no descriptor of ours; and an environment of PATH, LC_ALL and
/// LATCHKEY_EVENT. At most 200 lines of each are told. Never fails: what goes wrong is
/// a warning. A process that a hook puts into another session is left to who runs us.
void run_hooks(const HookRun& hooks);

}  // namespace latchkey
