// SPDX-License-Identifier: GPL-3.0-or-later
// Other names for what lies on a volume.
#pragma once

#include <string>
#include <vector>

#include "core/volume.hpp"

namespace latchkey {

/// The volume's mount point, and the links onto it or below it where programs have their data:
/// directly in `/`, /var and /var/lib, which are on no other machine. Only where a link leads is
/// read, so no disk is asked for anything. None for a volume that is mounted nowhere. `root` is a
/// prefix for tests.
[[nodiscard]] std::vector<std::string> places_of(const std::string& root, const Volume& volume);

}  // namespace latchkey
