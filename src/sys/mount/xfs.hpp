// SPDX-License-Identifier: GPL-3.0-or-later
// What the kernel does not tell of XFS.
#pragma once

#include <string>

namespace latchkey {

/// True when both devices hold an XFS, and of the same UUID: one is a copy of the other, and
/// the kernel mounts one of them at a time.
[[nodiscard]] bool same_xfs(const std::string& one, const std::string& other);

}  // namespace latchkey
