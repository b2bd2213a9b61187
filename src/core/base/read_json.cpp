// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/read_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace latchkey {
namespace {

// Counts as the parser would, as far as it would come.
bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\') ++i;
    if (quoted) continue;
    if (c == ']' || c == '}') --depth;
    if ((c == '[' || c == '{') && ++depth > deepest_json) return true;
  }
  return false;
}

}  // namespace

nlohmann::json read_json(std::string_view text) {
  if (too_deep(text)) return nlohmann::json::value_t::discarded;
  return nlohmann::json::parse(text, nullptr, false);
}

nlohmann::json read_luks_json(std::string_view text) {
  auto json = read_json(text);
  if (!json.is_discarded()) return json;
  std::string ascii(text);
  std::ranges::replace_if(
      ascii, [](unsigned char c) { return c >= 0x80; }, '?');
  return read_json(ascii);
}

}  // namespace latchkey
