// SPDX-License-Identifier: GPL-3.0-or-later
// Reading what `ip -j` prints: whatever the text is, something of the right type comes out.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/read_json.hpp"

namespace latchkey {

using Json = nlohmann::json;

/// The objects of a list; what is no list of objects gives none.
inline std::vector<Json> rows_of(std::string_view text) {
  const Json json = read_json(text);
  std::vector<Json> out;
  if (json.is_array())
    for (const Json& row : json)
      if (row.is_object()) out.push_back(row);
  return out;
}

/// The values of a row, by their keys: empty, 0 and false where there is none of that kind.
inline std::string text_of(const Json& row, const char* key) {
  const auto found = row.find(key);
  return found != row.end() && found->is_string() ? found->get<std::string>() : "";
}

inline std::uint64_t number_of(const Json& row, const char* key) {
  const auto found = row.find(key);
  return found != row.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

inline bool flag_of(const Json& row, const char* key) {
  const auto found = row.find(key);
  return found != row.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace latchkey
