// SPDX-License-Identifier: GPL-3.0-or-later
// The line that the kernel keeps of a process or a thread, proc(5).
#pragma once

#include <optional>
#include <string>

namespace latchkey {

/// What a `stat` file below /proc says behind the name, which may itself hold brackets and
/// blanks: the state (a letter), the parent, and on. Nothing when there is no such process.
[[nodiscard]] std::optional<std::string> stat_behind_name(const std::string& file);

}  // namespace latchkey
