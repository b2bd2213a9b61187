// SPDX-License-Identifier: GPL-3.0-or-later
// The clock that nobody sets.
#pragma once

namespace latchkey {

/// Seconds since the kernel's start, sleep included. The same clock in early boot and
/// on the running system, and right when the date is not. Never fails.
[[nodiscard]] double uptime() noexcept;

}  // namespace latchkey
