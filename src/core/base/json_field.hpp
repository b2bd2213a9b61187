// SPDX-License-Identifier: GPL-3.0-or-later
// Members of JSON that crossed a file: each is taken with its type checked.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/text.hpp"

namespace latchkey {

/// The member of this name, or an empty value when it is absent, of another type, or a number
/// that this type does not hold: to convert 9e99 to a whole number is undefined behaviour.
template <class T>
[[nodiscard]] T field(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return {};
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    const bool holds = found->is_number_integer() &&
                       (found->is_number_unsigned() ? std::in_range<T>(found->get<std::uint64_t>())
                                                    : std::in_range<T>(found->get<std::int64_t>()));
    if (!holds) return {};
  }
  try {
    return found->get<T>();
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

/// A text, made printable.
[[nodiscard]] inline std::string text_field(const nlohmann::json& object, const char* name,
                                            std::size_t limit = 200) {
  return printable(field<std::string>(object, name), limit);
}

/// The object of this name, or an empty one. Never a copy.
[[nodiscard]] inline const nlohmann::json& object_field(const nlohmann::json& object,
                                                        const char* name) {
  static const nlohmann::json nothing = nlohmann::json::object();
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : nothing;
}

/// What `parse` makes of each object in the list of this name; anything else is left out.
template <class T>
[[nodiscard]] std::vector<T> list_field(const nlohmann::json& object, const char* name,
                                        T (*parse)(const nlohmann::json&)) {
  std::vector<T> out;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_array()) return out;
  for (const nlohmann::json& item : *found)
    if (item.is_object()) out.push_back(parse(item));
  return out;
}

}  // namespace latchkey
