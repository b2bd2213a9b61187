// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/backspace.hpp"

namespace latchkey {

std::size_t take_back(std::span<char> line) noexcept {
  const auto continues = [&line](std::size_t at) {
    return (static_cast<unsigned char>(line[at]) & 0xc0U) == 0x80U;
  };
  std::size_t size = 0;
  for (const char c : line) {
    if (c != backspace) {
      line[size++] = c;
      continue;
    }
    while (size > 0 && continues(size - 1)) --size;
    if (size > 0) --size;
  }
  return size;
}

}  // namespace latchkey
