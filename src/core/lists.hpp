// SPDX-License-Identifier: GPL-3.0-or-later
// Lists of names in which each stands once.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace latchkey {

/// Appends a name, unless it is there already or empty.
inline void add_once(std::vector<std::string>& out, const std::string& name) {
  if (!name.empty() && std::ranges::find(out, name) == out.end()) out.push_back(name);
}

/// Appends each of the names, in their order.
inline void add_once(std::vector<std::string>& out, const std::vector<std::string>& names) {
  for (const std::string& name : names) add_once(out, name);
}

}  // namespace latchkey
