// SPDX-License-Identifier: GPL-3.0-or-later
// Base64 as in RFC 4648, for public keys and fingerprints. Not for secrets: the
// results are plain strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace latchkey {

/// Gives the bytes that a padded base64 text stands for, or nothing when it has
/// any other character, wrong padding, or bits set that no encoder sets.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

/// Gives bytes as base64, with or without the padding at the end.
[[nodiscard]] std::string base64_encode(std::string_view bytes, bool padding = true);

}  // namespace latchkey
