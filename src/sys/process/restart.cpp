// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/process/restart.hpp"

#include <sys/reboot.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "sys/base/fd.hpp"
#include "sys/process/worker.hpp"

namespace latchkey {

Error restart_now(bool poweroff) {
  // Whoever asks for it may do so just because a disk hangs, for which sync waits for good.
  (void)ends_within(std::chrono::seconds(10), [] { ::sync(); });
  ::reboot(poweroff ? RB_POWER_OFF : RB_AUTOBOOT);
  return system_error(errno, poweroff ? "cannot power off" : "cannot reboot");
}

}  // namespace latchkey
