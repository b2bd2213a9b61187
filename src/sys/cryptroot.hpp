// SPDX-License-Identifier: GPL-3.0-or-later
// What cryptsetup-initramfs opens in early boot: by an image, and by what the machine's
// next image is going to be made from.
#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"
#include "sys/early_inputs.hpp"

namespace latchkey {

/// The mappings that an image's tree opens so and that are no volumes of Latchkey.
[[nodiscard]] std::vector<std::string> opened_by_image(const std::string& tree,
                                                       const EarlyInputs& inputs);

/// The same, from /etc/crypttab: the lines with the option initramfs, and those for what
/// `/`, `/usr` and the resume device lie on. None where cryptsetup-initramfs is not installed.
[[nodiscard]] std::vector<std::string> opened_early(const Paths& paths, const EarlyInputs& inputs);

/// What opened_by_image finds, as faults of the image.
[[nodiscard]] std::vector<Error> cryptroot_faults(const std::string& tree,
                                                  const EarlyInputs& inputs);

}  // namespace latchkey
