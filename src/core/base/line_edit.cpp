// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/line_edit.hpp"

#include <algorithm>

namespace latchkey {
namespace {

// The lines with their ends, so that what stays stays byte for byte.
std::vector<std::string_view> whole_lines(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    out.push_back(text.substr(0, end + 1));
    text.remove_prefix(end + 1);
  }
  return out;
}

bool is_meant(std::string_view line, const MeantLine& meant) {
  const std::vector<Field> fields = split_fields(trim(without_mark(line)));
  return !fields.empty() && !fields[0].text.starts_with('#') && meant(fields);
}

}  // namespace

std::string replace_line(std::string_view text, const MeantLine& meant, const std::string& line) {
  std::string out;
  bool done = false;
  for (const std::string_view old : whole_lines(text)) {
    if (!is_meant(old, meant)) {
      out += old;
    } else if (!done) {
      out += line;
      done = true;
    }
  }
  if (done) return out;
  if (!out.empty() && !out.ends_with('\n')) out += "\n";
  return out + line;
}

std::string remove_line(std::string_view text, const MeantLine& meant) {
  std::string out;
  for (const std::string_view line : whole_lines(text))
    if (!is_meant(line, meant)) out += line;
  return out;
}

}  // namespace latchkey
