// SPDX-License-Identifier: GPL-3.0-or-later
// What a build of images said.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// Takes what update-initramfs printed; gives the lines that tell why it did not do its work
/// (it may end well all the same: `W: /boot is ro mounted … Not updating`), else the last
/// few. Without our own lines, and printable.
[[nodiscard]] std::vector<std::string> build_reasons(std::string_view output);

}  // namespace latchkey
