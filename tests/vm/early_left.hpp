// SPDX-License-Identifier: GPL-3.0-or-later
// What an early boot that never came to its end has left, see vm/guest/no-farewell.
#pragma once

#include <string>

#include "support/machine.hpp"

namespace latchkey::test {

/// The script that makes a guest's early boot one that does not come to its end.
inline const std::string no_farewell = LATCHKEY_SOURCE_DIR "/tests/vm/guest/no-farewell";

/// Checks that the machine's own network and sshd, begun by `init`, found neither a process
/// nor an address of early boot, and that its files are gone.
void check_nothing_left(Machine& m, const std::string& init);

}  // namespace latchkey::test
