// SPDX-License-Identifier: GPL-3.0-or-later
// Who may read an image, wherever it lies.
#pragma once

#include <string>

#include "core/base/finding.hpp"

namespace latchkey {

/// Adds an error when others than root can read this file, which has host keys in it; nothing
/// when it is not there.
void check_image_mode(Findings& out, const std::string& file);

}  // namespace latchkey
