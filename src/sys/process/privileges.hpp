// SPDX-License-Identifier: GPL-3.0-or-later
// What a process may do beyond what its user may.
#pragma once

#include <cstdint>

namespace latchkey {

/// Capabilities as a set of bits, `1 << CAP_…` each.
using Capabilities = std::uint64_t;

/// What a process keeps of its capabilities: nothing, or that of restarting the machine.
enum class Keep { nothing, restart };

/// Gives up every capability of this process but the kept one for good, and so does what it
/// executes where it can gain none (PR_SET_NO_NEW_PRIVS). It stays root's: it opens what belongs to
/// root, and nothing more. Where the kernel refuses, they stay: this is a second wall, and the
/// program does the same without it.
void drop_capabilities(Keep keep = Keep::nothing) noexcept;

/// The same, but for those of `kept` that this process has, which what it executes has too where
/// it can gain none (PR_SET_NO_NEW_PRIVS). Calls the kernel alone: for between fork and exec.
void keep_capabilities(Capabilities kept) noexcept;

}  // namespace latchkey
