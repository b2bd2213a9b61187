// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel's log: the one place that early boot's words survive in, and that
// the journal reads later.
#pragma once

#include <string>

namespace latchkey {

/// How loud a line of the kernel's log is. The console always shows warnings, notes unless it was
/// told to be quiet, and details only when debugging.
enum class Loudness { detail = 7, note = 6, warning = 4, alarm = 2 };

/// Writes one line, made printable and cut to what a record holds, as
/// `latchkey: TEXT`. Failures are ignored: there is no other place to tell them.
void kmsg(const std::string& text, Loudness loudness = Loudness::note) noexcept;

}  // namespace latchkey
