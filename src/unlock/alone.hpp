// SPDX-License-Identifier: GPL-3.0-or-later
// What a session does by itself while early ssh still answers and no coordinator does.
#pragma once

#include "core/ssh/door_keys.hpp"
#include "sys/config/setup.hpp"
#include "sys/unlock/tty.hpp"

namespace latchkey {

/// True when the waiting for an unlock has ended, and early boot has not. No coordinator
/// comes any more then.
[[nodiscard]] bool unlock_is_over(const Paths& paths);

/// Does the word, if the key was granted it: restarts the machine, shows the log; to any
/// other it tells how things are. Gives the session's exit status. Becoming a shell is for
/// the caller. To be called with the capabilities that the session has kept.
int act_alone(const Paths& paths, const DoorKey& key, Word word, Tty& terminal);

}  // namespace latchkey
