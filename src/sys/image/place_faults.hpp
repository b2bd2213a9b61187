// SPDX-License-Identifier: GPL-3.0-or-later
// Whether what an image opens is what it was made for.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// What early boot could not open for sure, with the configuration that is in the image with this
/// tree: a keys volume, or a volume that the boot needs, whose logical volume is not in its group
/// or whose header is another one than the configuration says. An /etc from before a `rekey` has
/// that. What cannot be read is no fault: its disk may be away, and a chroot's are another
/// machine's. Hints are as in image_faults.
[[nodiscard]] std::vector<Error> place_faults(const Paths& paths, const std::string& tree);

}  // namespace latchkey
