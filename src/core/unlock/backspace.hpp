// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>

namespace latchkey {

/// The key that some serial clients, consoles over the network and phones send for Backspace.
/// A terminal knows one such key, and has DEL for it: this one becomes a part of the line.
inline constexpr char backspace = '\x08';

/// Takes a line that was typed; has each backspace in it take back the character before it, all
/// of whose UTF-8 bytes go. Gives how many bytes are left, at the front.
[[nodiscard]] std::size_t take_back(std::span<char> line) noexcept;

}  // namespace latchkey
