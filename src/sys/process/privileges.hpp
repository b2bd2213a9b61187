// SPDX-License-Identifier: GPL-3.0-or-later
// What a process may do beyond what its user may.
#pragma once

namespace latchkey {

/// What a process keeps of its capabilities: nothing, or that of restarting the machine.
enum class Keep { nothing, restart };

/// Gives up every capability of this process but the kept one for good; for what it executes
/// all of them. It stays root's: it opens what belongs to root, and nothing more. Where the
/// kernel refuses, they stay: this is a second wall, and the program does the same without it.
void drop_capabilities(Keep keep = Keep::nothing) noexcept;

}  // namespace latchkey
