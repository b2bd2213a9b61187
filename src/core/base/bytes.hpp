// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace latchkey {

/// The number in `size` (at most 8) bytes at `at`, most significant byte first.
/// The bytes must be there.
[[nodiscard]] inline std::uint64_t big_endian(std::string_view bytes, std::size_t at,
                                              std::size_t size) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < size; ++i)
    out = (out << 8U) | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

}  // namespace latchkey
