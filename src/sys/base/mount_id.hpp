// SPDX-License-Identifier: GPL-3.0-or-later
// Which mount a path lies on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace latchkey {

/// By which number mountinfo calls the mount that a path lies on; nothing where it is not there.
[[nodiscard]] std::optional<std::uint64_t> mount_id(const std::string& path);

}  // namespace latchkey
