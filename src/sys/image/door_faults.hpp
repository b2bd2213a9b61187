// SPDX-License-Identifier: GPL-3.0-or-later
// The way in that an image has: keys, a login, and configuration that early boot can use.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/image/image.hpp"
#include "sys/image/early_inputs.hpp"
#include "sys/image/image.hpp"

namespace latchkey {

/// True for a file that can be run and is not empty. By its mode: an image is often looked
/// into where nothing may be run (noexec).
[[nodiscard]] bool is_program(const std::string& path);

/// Why nobody could log in to an image's early boot and unlock there, although it has all
/// programs. Files are held against the inputs only where the image, by what it says of
/// itself, was made from just these: one that is out of date can be unlocked as it was.
[[nodiscard]] std::vector<Error> door_faults(const ImageRequest& request, const ImageInfo& info,
                                             const EarlyInputs& inputs);

/// Why an image without faults would not start ssh or wait, by its boot scripts and the order
/// in which init runs them, which mkinitramfs writes last.
[[nodiscard]] std::vector<Error> script_faults(const std::string& tree);

/// The same of scripts that end early boot: what they leave undone locks nobody out.
[[nodiscard]] std::vector<Error> script_doubts(const std::string& tree);

}  // namespace latchkey
