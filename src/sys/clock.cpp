// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/clock.hpp"

#include <ctime>

namespace latchkey {

double uptime() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace latchkey
