// SPDX-License-Identifier: GPL-3.0-or-later
// What the layers that a volume lies on need in the image.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// A program that brings a layer up, and the package that has it.
struct StorageTool {
  std::string program;  ///< absolute path, the same in the image
  std::string package;

  bool operator==(const StorageTool&) const = default;
};

/// The layers below a device, each kind once.
struct StorageLayers {
  std::vector<std::string> targets{};    ///< device-mapper's words: `linear`, `thin`, `raid`
  std::vector<std::string> md_levels{};  ///< as in /sys: `raid1`, `raid5`
};

/// The kernel modules of these layers, for modprobe. A target's own name stands for
/// one that is not known.
[[nodiscard]] std::vector<std::string> storage_modules(const StorageLayers& layers);

/// The programs that bring these layers up, apart from lvm.
[[nodiscard]] std::vector<StorageTool> storage_tools(const StorageLayers& layers);

/// What is taken for a device that is not there to be looked at: RAID, thin, snapshot
/// and mirror volumes.
[[nodiscard]] std::vector<std::string> default_storage_modules();

}  // namespace latchkey
