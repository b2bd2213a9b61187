// SPDX-License-Identifier: GPL-3.0-or-later
// The clock that nobody sets.
#pragma once

#include <chrono>

namespace latchkey {

/// Seconds since the kernel's start, sleep included. The same clock in early boot and
/// on the running system, and right when the date is not. Never fails.
[[nodiscard]] double uptime() noexcept;

/// For poll(2): the milliseconds left, rounded up; 0 when it is over.
[[nodiscard]] int poll_ms(std::chrono::steady_clock::time_point until) noexcept;

}  // namespace latchkey
