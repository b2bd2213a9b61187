// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/image_build.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

bool is_reason(std::string_view line) {
  constexpr std::array<std::string_view, 3> beginnings{"W:", "E:", "update-initramfs:"};
  return line.find(": Generating ") == std::string_view::npos &&
         std::ranges::any_of(beginnings, [&](std::string_view b) { return line.starts_with(b); });
}

}  // namespace

std::vector<std::string> build_reasons(std::string_view output) {
  constexpr std::size_t few = 5;
  constexpr std::size_t width = 500;
  std::vector<std::string> reasons;
  std::vector<std::string> last;
  for (const std::string_view line : split_lines(output)) {
    if (trim(line).empty() || line.starts_with("latchkey: ")) continue;
    if (is_reason(line)) reasons.push_back(printable(line, width));
    last.push_back(printable(line, width));
  }
  if (!reasons.empty()) return reasons;
  if (last.size() > few) last.erase(last.begin(), last.end() - few);
  return last;
}

}  // namespace latchkey
