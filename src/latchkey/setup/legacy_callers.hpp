// SPDX-License-Identifier: GPL-3.0-or-later
// What else of the machine calls the scripts that came before.
#pragma once

#include <string>
#include <vector>

namespace latchkey {

/// Looks through init scripts, units, cron's tables and the programs of the machine's
/// owner, below `root`, for lines and links that lead into `directory`. Gives them as
/// people find them: `/etc/cron.d/volumes:3`, `/usr/local/sbin/unlock (a link)`. What
/// cannot be read is left out.
[[nodiscard]] std::vector<std::string> legacy_callers(const std::string& root,
                                                      const std::string& directory);

}  // namespace latchkey
