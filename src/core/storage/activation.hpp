// SPDX-License-Identifier: GPL-3.0-or-later
// When storage that udev has not activated is activated here, and when also degraded.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/config/device_ref.hpp"

namespace latchkey {

/// One help, for what is still missing by then.
struct ActivationAttempt {
  std::chrono::seconds after{0};  ///< counted from the beginning of the wait
  bool degraded = false;          ///< also what has lost a disk and can do without it

  bool operator==(const ActivationAttempt&) const = default;
};

/// Takes how long udev is left alone, and how long a device may take to appear. Gives
/// the attempts in order, all of them earlier than `limit`: first what is whole; ten
/// seconds in (or at half of a shorter limit) what has lost a disk, since a slow disk
/// that is left behind has to be copied anew; then again at growing distances, for disks
/// that come later still.
[[nodiscard]] std::vector<ActivationAttempt> activation_attempts(std::chrono::seconds patience,
                                                                 std::chrono::seconds limit);

/// Those of the devices that may be logical volumes, as lvm takes them.
[[nodiscard]] std::vector<std::string> possible_lvs(const std::vector<DeviceRef>& devices);

}  // namespace latchkey
