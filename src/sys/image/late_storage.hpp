// SPDX-License-Identifier: GPL-3.0-or-later
// Volumes on storage that early boot has only by the scripts of another package, or not at all.
#pragma once

#include "core/base/finding.hpp"
#include "sys/image/early_inputs.hpp"
#include "sys/image/image.hpp"

namespace latchkey {

/// What volumes lie on that this image's early boot will not bring up: an error for what the
/// boot needs, a warning for other volumes, and where the disks are there all the same.
[[nodiscard]] Findings late_storage(const ImageRequest& request, const EarlyInputs& inputs);

}  // namespace latchkey
