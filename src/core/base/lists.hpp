// SPDX-License-Identifier: GPL-3.0-or-later
// Lists of names.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/text.hpp"

namespace latchkey {

/// Appends the names, in their order.
inline void append(std::vector<std::string>& out, const std::vector<std::string>& names) {
  out.insert(out.end(), names.begin(), names.end());
}

/// Appends a name, unless it is there already or empty.
inline void add_once(std::vector<std::string>& out, const std::string& name) {
  if (!name.empty() && std::ranges::find(out, name) == out.end()) out.push_back(name);
}

/// Appends each of the names so, in their order.
inline void add_once(std::vector<std::string>& out, const std::vector<std::string>& names) {
  for (const std::string& name : names) add_once(out, name);
}

/// The names for people: `'a', 'b'`, printable.
[[nodiscard]] inline std::string quoted_list(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back("'" + printable(name) + "'");
  return join(quoted, ", ");
}

}  // namespace latchkey
