// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256, by libgcrypt.
#pragma once

#include <string>
#include <string_view>

namespace latchkey {

/// Gives the 32 bytes of the digest.
[[nodiscard]] std::string sha256(std::string_view bytes);

/// Gives bytes as lower-case hexadecimal digits.
[[nodiscard]] std::string hex(std::string_view bytes);

}  // namespace latchkey
