// SPDX-License-Identifier: GPL-3.0-or-later
// The machine's own switch, in early boot.
#pragma once

#include "core/base/result.hpp"

namespace latchkey {

/// Restarts the machine, or switches it off, at once; what is not written yet gets ten seconds
/// to reach the disks. Comes back only when the kernel refuses, with why.
[[nodiscard]] Error restart_now(bool poweroff);

}  // namespace latchkey
