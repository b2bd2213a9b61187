// SPDX-License-Identifier: GPL-3.0-or-later
// The last gate of an image: what update-initramfs has just put into /boot.
#pragma once

#include <string>

#include "latchkey/cli/command.hpp"

namespace latchkey {

/// Opens the finished image `file` of the kernel `version` and sees that it leaves a way
/// in: else the image that it replaced comes back, or one that boots on is built, or it
/// goes, so that the boot loader starts another kernel. Says what it did. A menu of GRUB
/// that was made while the kernel had no image is made again. Gives 0 when the machine can
/// be reached with the image that was built, the status of Code::refused otherwise.
[[nodiscard]] int gate_image(const Globals& globals, const std::string& version,
                             const std::string& file);

/// Prints the version of the kernel that is to be booted by default in the place of the
/// newest, which has no image; nothing where the newest has one, or Latchkey is not
/// configured, or `choice`, the default that GRUB was told, is its owner's (is_own_default).
[[nodiscard]] int print_pinned_kernel(const Globals& globals, const std::string& choice);

}  // namespace latchkey
