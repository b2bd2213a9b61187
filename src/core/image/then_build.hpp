// SPDX-License-Identifier: GPL-3.0-or-later
// What to do about a fault of an image.
#pragma once

#include <string>

namespace latchkey {

/// Takes what mends a fault before the image is built again (empty: nobody knows, or nothing
/// has to), and the version of the image's kernel; gives the hint. One that names a build
/// already stays as it is: nobody is told of two.
[[nodiscard]] std::string then_build(const std::string& first, const std::string& kernel);

}  // namespace latchkey
