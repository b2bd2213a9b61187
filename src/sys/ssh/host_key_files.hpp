// SPDX-License-Identifier: GPL-3.0-or-later
// The files with host keys that early boot hands to Dropbear.
#pragma once

#include <string>
#include <vector>

namespace latchkey {

/// Paths of the host keys in a directory that Dropbear can be given together: one of each kind,
/// four at most (choose_host_keys). An image is made with no others; but what somebody else has
/// put into it must not keep the ssh server down. None where the directory cannot be read.
[[nodiscard]] std::vector<std::string> usable_host_keys(const std::string& directory);

}  // namespace latchkey
