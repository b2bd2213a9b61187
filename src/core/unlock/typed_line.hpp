// SPDX-License-Identifier: GPL-3.0-or-later
// What of typed or piped bytes may be the passphrase.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace latchkey {

/// Takes what was typed or piped; gives how many of its bytes come before the
/// end of its line (LF or CRLF, one at most).
[[nodiscard]] inline std::size_t without_line_end(std::span<const char> bytes) {
  std::size_t size = bytes.size();
  if (size > 0 && bytes[size - 1] == '\n') --size;
  if (size > 0 && size < bytes.size() && bytes[size - 1] == '\r') --size;
  return size;
}

/// Takes a line that was typed; takes out of it what terminals put in and nobody means: each
/// backspace (BS, which some serial clients, consoles over the network and phones send for that
/// key) with the character before it, all of whose UTF-8 bytes go; the marks that a terminal in
/// bracketed paste mode puts around pasted text; NUL, which keepalives and breaks of serial lines
/// leave; XON and XOFF. Gives how many bytes are left, at the front.
[[nodiscard]] std::size_t take_back(std::span<char> line) noexcept;

/// Takes what was typed, or all that was piped for one passphrase; gives the parts of it that
/// may be the passphrase, the likeliest first and none twice: the first line, all without
/// the end of its last line, and every byte; all of it without a byte order mark first; last
/// what is left without any line ends around it (empty lines before it, a lone CR behind), and
/// without blanks at the first line's end (the echo of cmd.exe leaves one).
/// They lie within `bytes`. What was typed, being one line without an end, is the only one unless
/// it has blanks behind it.
[[nodiscard]] std::vector<std::span<const char>> passphrase_candidates(std::span<const char> bytes);

}  // namespace latchkey
