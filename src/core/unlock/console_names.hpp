// SPDX-License-Identifier: GPL-3.0-or-later
// On which consoles a prompt is shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// Takes what /sys/class/tty/console/active says; gives the terminals of these consoles, each
/// once, the main one last. `tty0`, which is whichever virtual terminal is shown, is the first
/// of these: two prompts on one terminal would take each other's keys.
[[nodiscard]] std::vector<std::string> console_names(std::string_view active);

}  // namespace latchkey
