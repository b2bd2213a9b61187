// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/result.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// Why the next boot would start another image than that in /boot: of what check_boot_copies
/// tells, the copies that a boot starts by itself. Those are of the newest kernel that the boot
/// loader has, or of what the firmware's config.txt names. Unified kernel images are not looked at.
[[nodiscard]] std::vector<Error> stale_copies(const Paths& paths);

}  // namespace latchkey
