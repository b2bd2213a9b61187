// SPDX-License-Identifier: GPL-3.0-or-later
// What a kernel itself has no driver for, so that no image of it helps.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sys/config/setup.hpp"
#include "sys/image/early_inputs.hpp"

namespace latchkey {

struct KernelLacks {
  /// Each alone would keep everybody from unlocking, in early boot and, without a card, in the
  /// running system: all cards that early ssh is to be reached by, or all disks of the keys
  /// volume, lack a driver that another kernel on this machine has as a module.
  std::vector<Error> faults{};
  std::vector<Error> warnings{};  ///< one of several, or not certain
};

/// Looks at the kernel's modules for the cards and for the disks below the keys volume, as they
/// are now: nothing is lacking where there are none, as in a chroot.
[[nodiscard]] KernelLacks kernel_lacks(const Paths& paths, const std::string& kernel,
                                       const EarlyInputs& inputs);

}  // namespace latchkey
