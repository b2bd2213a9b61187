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

}  // namespace latchkey
