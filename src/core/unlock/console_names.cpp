// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/console_names.hpp"

#include "core/base/text.hpp"

namespace latchkey {

std::vector<std::string> console_names(std::string_view active) {
  std::vector<std::string> out;
  for (const std::string& console : split(trim(active), ' ')) {
    if (console.empty()) continue;
    const std::string name = console == "tty0" ? "tty1" : console;
    std::erase(out, name);
    out.push_back(name);
  }
  return out;
}

}  // namespace latchkey
