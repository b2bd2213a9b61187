// SPDX-License-Identifier: GPL-3.0-or-later
// What a process may do beyond what its user may.
#pragma once

#include <cstdint>

namespace latchkey {

/// Capabilities as a set of bits.
using Capabilities = std::uint64_t;

/// The one that has this number (CAP_…).
[[nodiscard]] constexpr Capabilities capability(int number) {
  return Capabilities{1} << static_cast<unsigned>(number);
}

/// Gives up every capability of this process but those of `kept` that it has, for good, and so
/// does what it executes where it can gain none (PR_SET_NO_NEW_PRIVS). It stays root's: it opens
/// what belongs to root, and nothing more. Where the kernel refuses, they stay: this is a second
/// wall, and the program does the same without it. Calls the kernel alone: also for between fork
/// and exec.
void keep_capabilities(Capabilities kept) noexcept;

}  // namespace latchkey
