// SPDX-License-Identifier: GPL-3.0-or-later
// What a process may do beyond what its user may.
#pragma once

namespace latchkey {

/// Gives up every capability of this process for good, also for what it executes. It stays
/// root's: it opens what belongs to root, and nothing more. Where the kernel refuses, they
/// stay: this is a second wall, and the program does the same without it.
void drop_capabilities() noexcept;

}  // namespace latchkey
