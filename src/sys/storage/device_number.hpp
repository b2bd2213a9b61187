// SPDX-License-Identifier: GPL-3.0-or-later
// How the kernel's files write the number of a device.
#pragma once

#include <sys/sysmacros.h>
#include <sys/types.h>

#include <string>

namespace latchkey {

/// `8:1`, as in /sys/dev/block, /proc/self/mountinfo and udev's records.
[[nodiscard]] inline std::string number_text(dev_t device) {
  return std::to_string(major(device)) + ":" + std::to_string(minor(device));
}

}  // namespace latchkey
