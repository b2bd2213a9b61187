// SPDX-License-Identifier: GPL-3.0-or-later
// What the firmware of a Raspberry Pi starts with Raspberry Pi OS: one image for each kind of
// kernel, whose name says the kind alone.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/image/boot_menu.hpp"

namespace latchkey {

/// An image by the firmware's name, and what the versions of its kernels end in.
struct RaspiImage {
  std::string_view file;
  std::string_view kernels;
};

/// All that there are.
[[nodiscard]] std::span<const RaspiImage> raspi_images();

/// The newest of these kernels, the newest first, that has an image and is of this kind.
[[nodiscard]] std::optional<std::string> newest_of_kind(const std::vector<BootKernel>& kernels,
                                                        const RaspiImage& kind);

/// What a config.txt says of images.
struct RaspiConfig {
  bool by_kernel = false;            ///< auto_initramfs=1: the one of the kernel's kind
  std::vector<std::string> named{};  ///< by lines that begin with initramfs

  /// True when some kernel gets an image at all.
  [[nodiscard]] bool any() const { return by_kernel || !named.empty(); }
  /// True when the firmware may take the file of this name.
  [[nodiscard]] bool takes(std::string_view file) const;
};

/// Reads a config.txt; what it says for some boards alone counts for all.
[[nodiscard]] RaspiConfig parse_raspi_config(std::string_view text);

}  // namespace latchkey
