// SPDX-License-Identifier: GPL-3.0-or-later
// What a block device lies on, read from /sys and device-mapper.
#pragma once

#include <string>
#include <vector>

#include "core/image/driver_lack.hpp"
#include "core/storage/storage.hpp"

namespace latchkey {

/// The names of a block device (`dm-3`) and of all that it lies on, down to the disks.
/// `root` is where a test's /sys is. Empty when /sys does not know the device.
[[nodiscard]] std::vector<std::string> devices_below(const std::string& root,
                                                     const std::string& name);

/// The same of the device behind a path; empty for what is no block device.
[[nodiscard]] std::vector<std::string> devices_behind(const std::string& root,
                                                      const std::string& path);

/// The layers that the device behind a path lies on and the drivers of the disks at the
/// bottom and of their buses, by their names.
struct Storage {
  StorageLayers layers{};
  std::vector<std::string> drivers{};
  std::vector<std::vector<DrivenDevice>> disks{};  ///< each with its buses
};

/// Gives nothing at all for what is no block device.
[[nodiscard]] Storage storage_of(const std::string& root, const std::string& path);

}  // namespace latchkey
