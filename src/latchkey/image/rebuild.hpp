// SPDX-License-Identifier: GPL-3.0-or-later
// Bringing every kernel's image up to date after a change of the set-up.
#pragma once

#include "latchkey/cli/command.hpp"

namespace latchkey {

/// Looks at the image of every installed kernel; has them rebuilt when one lacks
/// what is configured now, when what the firmware starts is an older copy, or when the last such
/// build failed or was cut off; and looks again. Does nothing where all are as they
/// should be. Fails with Code::missing (no update-initramfs, or what /boot is to be is not
/// mounted), Code::io (it failed),
/// Code::refused when an image could not be unlocked remotely even then, or the firmware would
/// start an older one: the reasons are told one by one before.
[[nodiscard]] Result<> bring_images_up_to_date(const Globals& globals);

}  // namespace latchkey
