// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of TOML (https://toml.io) as they are written for people.
#pragma once

#include <string>

#include "core/base/text.hpp"

namespace latchkey {

/// The text as a string of TOML. Only texts that were checked come here (addresses, names,
/// UUIDs); this keeps them one string whatever they are.
[[nodiscard]] inline std::string toml_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : printable(text, 1000)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

/// `key = value` when it is `set`, else the comment that shows how: `#key = shown`.
[[nodiscard]] inline std::string toml_line(bool set, const std::string& key,
                                           const std::string& value, const std::string& shown) {
  return set ? key + " = " + value + "\n" : "#" + key + " = " + shown + "\n";
}

}  // namespace latchkey
