// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel modules that an encrypted device needs.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// What dm-crypt and the key slots of this device need from the kernel, for
/// modprobe. Opens the device for reading only. Fails when the header cannot be
/// read: the Error names the device; with Code::timeout when its disk does not answer.
[[nodiscard]] Result<std::vector<std::string>> header_modules(const std::string& device);

}  // namespace latchkey
