// SPDX-License-Identifier: GPL-3.0-or-later
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

/// Takes what was typed, or all that was piped for one passphrase; gives the parts of it that
/// may be the passphrase, the likeliest first and none twice: the first line, all without
/// the end of its last line, and every byte; all of it without a byte order mark first; last
/// what is left without any line ends around it (empty lines before it, a lone CR behind).
/// They lie within `bytes`. What was typed, being one line without an end, is the only one.
[[nodiscard]] std::vector<std::span<const char>> passphrase_candidates(std::span<const char> bytes);

}  // namespace latchkey
