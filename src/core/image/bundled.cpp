// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/bundled.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

std::string_view without_rebuild(std::string_view version) {
  const std::size_t mark = version.rfind("+b");
  const bool rebuilt =
      mark != std::string_view::npos && mark + 2 < version.size() &&
      std::ranges::all_of(version.substr(mark + 2), [](char c) { return c >= '0' && c <= '9'; });
  return rebuilt ? version.substr(0, mark) : version;
}

// The value of a line `Name: value`; empty for any other.
std::string_view value_of(std::string_view line, std::string_view name) {
  if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") return {};
  return trim(line.substr(name.size() + 1));
}

}  // namespace

std::vector<BundledPart> parse_bundled(std::string_view text) {
  std::vector<BundledPart> out;
  for (const std::string_view line : split_lines(text)) {
    const std::vector<Field> fields = split_fields(line);
    if (fields.size() == 3) out.push_back({fields[0].text, fields[1].text, fields[2].text});
  }
  return out;
}

std::map<std::string, std::string> parse_source_versions(std::string_view text) {
  std::map<std::string, std::string> out;
  std::string package;
  for (const std::string_view line : split_lines(text)) {
    if (const auto name = value_of(line, "Package"); !name.empty()) package = name;
    if (const auto version = value_of(line, "Version"); !version.empty() && !package.empty())
      out.try_emplace(package, without_rebuild(version));
    // `Source: gcc-12 (12.2.0-14)` where the two versions differ.
    const std::string_view source = value_of(line, "Source");
    const std::size_t open = source.find('(');
    if (open != std::string_view::npos && source.ends_with(')') && !package.empty())
      out[package] = source.substr(open + 1, source.size() - open - 2);
  }
  return out;
}

bool same_upstream(std::string_view a, std::string_view b) {
  const std::size_t end = a.rfind('-');
  return end != std::string_view::npos && a.substr(0, end) == b.substr(0, b.rfind('-'));
}

}  // namespace latchkey
