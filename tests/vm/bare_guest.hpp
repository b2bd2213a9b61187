// SPDX-License-Identifier: GPL-3.0-or-later
// A machine that had nothing of Latchkey, on its way to its first volume.
#pragma once

#include <string>

#include "support/guests.hpp"

namespace latchkey::test {

/// What follows `latchkey create-volume`, for the volume that check_logs() looks at.
inline const std::string new_logs = "system logs 200M /srv/logs ext4";

/// The bare guest after `init`, at snapshot `inited`.
[[nodiscard]] Machine& inited();

/// In a guest without KVM an image takes minutes, and most stories are not about it:
/// with /boot out of sight there is no kernel to build one for.
void hide_kernels(Machine& m);

/// The same as inited(), with a keys slot that costs nothing, since it is opened dozens of
/// times, and no image that would be built. Snapshot `set-up`.
[[nodiscard]] Machine& set_up();

/// Checks that `logs` is there as create-volume promises it, and that it closes and opens.
void check_logs(Machine& m);

}  // namespace latchkey::test
