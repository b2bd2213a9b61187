// SPDX-License-Identifier: GPL-3.0-or-later
// Whether one kernel can drive what another one drives.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace latchkey {

/// A device as the running kernel drives it.
struct DrivenDevice {
  std::string driver{};  ///< its module, which may be built in; empty: not known, or none
  std::string alias{};   ///< what any kernel finds a driver by; empty: not known

  bool operator==(const DrivenDevice&) const = default;
};

/// True when a kernel has this module, or one for this alias, also built in.
using HasModule = std::function<bool(const std::string& name)>;

enum class DriverLack {
  none,
  doubtful,  ///< nothing is found: it may be driven in another way, or by a module of one's own
  certain    ///< nothing is found, and another kernel has its driver
};

/// Takes what the kernel in question has, and what the others on this machine have.
[[nodiscard]] DriverLack driver_lack(const DrivenDevice& device, const HasModule& here,
                                     const HasModule& elsewhere);

/// Takes disks, each with its own device first and then the buses that it sits on; gives the
/// drivers that a kernel certainly lacks, each once.
[[nodiscard]] std::vector<std::string> lacking_drivers(
    const std::vector<std::vector<DrivenDevice>>& disks, const HasModule& here,
    const HasModule& elsewhere);

}  // namespace latchkey
