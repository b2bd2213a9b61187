// SPDX-License-Identifier: GPL-3.0-or-later
// Over which ssh connection this program was called.
#pragma once

#include <sys/types.h>

#include <string>

namespace latchkey {

/// SSH_CONNECTION of this process or, where sudo or su kept it back, of the nearest one above
/// `parent` or `parent` itself that has it, as far as they may be read below `root`/proc. Empty
/// where there is none.
[[nodiscard]] std::string ssh_connection(const std::string& root, pid_t parent);

}  // namespace latchkey
