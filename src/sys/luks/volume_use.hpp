// SPDX-License-Identifier: GPL-3.0-or-later
// Who uses a volume's device or its mapping, beside or on top of what Latchkey opened.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/config/volume.hpp"

namespace latchkey {

/// A mapping that somebody else made of a volume's device.
struct OtherMapping {
  std::string name{};
  std::string mount_point{};  ///< where it is mounted; empty when it is not

  /// `its device is open as 'www' too, mounted on '/mnt'`.
  [[nodiscard]] std::string text() const;
  /// `run: umount /mnt; cryptsetup close www`.
  [[nodiscard]] std::string hint() const;
};

/// The mapping on a volume's device that has another name than the volume's own, or nothing.
[[nodiscard]] std::optional<OtherMapping> other_mapping_on(const Volume& volume);

/// What the kernel itself keeps open a mapping for, and the command that ends that.
struct KernelUse {
  std::string why{};  ///< `it is in use as swap`
  std::string end{};  ///< `swapoff /dev/dm-3`
};

/// Swap, or a RAID array or the like that lies on the mapping with this number; nothing for
/// other mappings upon it. Looks below `root`, which tests make up.
[[nodiscard]] std::optional<KernelUse> kernel_use_of(dev_t number, const std::string& root = {});

/// Closes the volume's mapping. One that is not there is fine. Fails with Code::busy, saying
/// who uses it; `again` is the command line to run when nobody does any more.
[[nodiscard]] Result<> close_volume_mapping(const Volume& volume, const std::string& again);

}  // namespace latchkey
