// SPDX-License-Identifier: GPL-3.0-or-later
// Keys that are written down on paper.
#pragma once

#include <optional>
#include <span>

#include "sys/base/secret.hpp"

namespace latchkey {

inline constexpr std::size_t recovery_groups = 8;
inline constexpr std::size_t recovery_group_size = 5;
/// Digits and letters that cannot be taken for one another: no i, l, o, u.
inline constexpr char recovery_alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

/// Draws 200 random bits and gives them as 8 groups of 5 characters with dashes
/// between; the dashes are part of the key. Fails with Code::io when the kernel
/// gives no random bytes.
[[nodiscard]] Result<Secret> draw_recovery_key();

/// Takes what somebody typed from paper: in capitals, with blanks or nothing where the dashes are,
/// with o for 0, i or l for 1. Gives the recovery key that this says, or nothing for another text
/// and for a key that is as it was drawn.
[[nodiscard]] std::optional<Secret> as_recovery_key(std::span<const char> typed);

}  // namespace latchkey
