// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of physical volumes: of two that show one UUID, LVM uses either.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace latchkey {

/// Two disks each, as paths below /dev, that show the same physical volume, as a provider's
/// snapshot beside its original. One that lies on the other is no copy. As udev has them on record,
/// so that no disk is asked for anything. `root` is a prefix for tests.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> pv_copies(const std::string& root);

}  // namespace latchkey
