// SPDX-License-Identifier: GPL-3.0-or-later
// The one way in for JSON from outside: LUKS headers, backups, what programs print, files.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace latchkey {

/// Nothing that is read here, and nothing that libcryptsetup accepts, lies deeper.
inline constexpr int deepest_json = 32;

/// Takes a text; gives what it says. What is no JSON, or lies deeper than that, is discarded:
/// no object, no array. To copy or to print deep JSON takes a stack as deep, and whoever wrote
/// a header on a disk would end the program with it.
[[nodiscard]] nlohmann::json read_json(std::string_view text);

/// The same of a LUKS header's text, in which libcryptsetup's parser takes any bytes for a string:
/// where they are no UTF-8, all that is no ASCII is read as '?'.
[[nodiscard]] nlohmann::json read_luks_json(std::string_view text);

}  // namespace latchkey
