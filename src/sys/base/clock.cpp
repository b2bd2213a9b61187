// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/base/clock.hpp"

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <limits>

namespace latchkey {

double uptime() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

int poll_ms(std::chrono::steady_clock::time_point until) noexcept {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  return static_cast<int>(
      std::clamp<std::int64_t>(left.count(), 0, std::numeric_limits<int>::max()));
}

}  // namespace latchkey
