// SPDX-License-Identifier: GPL-3.0-or-later
// Asking for the passphrase on the running system.
#pragma once

#include <functional>
#include <string>

#include "core/plan/execute.hpp"
#include "sys/base/secret.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// What is said of a wrong one while `left` more may be typed.
[[nodiscard]] std::string wrong_passphrase_text(int left);

/// True when there is somebody or something to ask: standard input is a
/// terminal, a pipe or a file, and not /dev/null.
[[nodiscard]] bool passphrase_can_come();

/// Asks for a passphrase on the terminal (three times while it is wrong), or takes the
/// piped one to the byte: its forms are try_forms' matter. The pipe's end is not waited for once a
/// line is there; while none is, stderr is told that `command` wants a terminal. Gives it to
/// `attempt`, which says how the unlock came out; wrong is what the keys volume did not take. Gives
/// the last Outcome. Fails with Code::usage when no passphrase came, Code::io when too much or
/// nothing can be read, and with whatever `attempt` fails with.
[[nodiscard]] Result<Outcome> unlock_with_passphrase(
    const std::string& command, const std::function<Result<Outcome>(Secret)>& attempt);

}  // namespace latchkey
