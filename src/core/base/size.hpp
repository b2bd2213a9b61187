// SPDX-License-Identifier: GPL-3.0-or-later
// Sizes as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace latchkey {

/// Reads `512M`, `10G`, `1.5T`, `64MiB`, `4096B`: powers of 1024 whatever the letters'
/// case; a bare number is MiB, as LVM takes it. Gives bytes, in whole sectors of 512, at least as
/// many as were asked for. Fails with Code::usage, also for 0 and for more than 2^60.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

/// By how much a volume is to grow: `+5G`, or `+0` for what its LV has already. Fails with
/// Code::usage, its `why` for people.
[[nodiscard]] Result<std::uint64_t> parse_growth(std::string_view text);

/// A part of a volume group as LVM writes it: true for `50%FREE`, `100%VG`.
[[nodiscard]] bool is_share(std::string_view text);

/// The least multiple of `unit` (not 0) that is no less than `bytes` (at most 2^60).
[[nodiscard]] constexpr std::uint64_t round_up(std::uint64_t bytes, std::uint64_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

/// Bytes for people: `10 GiB`, `1.5 TiB`, `64 MiB`; rounded down, so never more than
/// there is.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace latchkey
