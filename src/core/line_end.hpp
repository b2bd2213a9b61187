// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>

namespace latchkey {

/// Takes what was typed or piped; gives how many of its bytes come before the
/// end of its line (LF or CRLF, one at most).
[[nodiscard]] inline std::size_t without_line_end(std::span<const char> bytes) {
  std::size_t size = bytes.size();
  if (size > 0 && bytes[size - 1] == '\n') --size;
  if (size > 0 && size < bytes.size() && bytes[size - 1] == '\r') --size;
  return size;
}

}  // namespace latchkey
