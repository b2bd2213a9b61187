// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/loader_entry.hpp"

#include "core/base/text.hpp"

namespace latchkey {
namespace {

// What follows the first word of a line.
std::string rest_of(std::string_view line) {
  line = trim(line);
  const std::size_t blank = line.find_first_of(" \t");
  return std::string(blank == std::string_view::npos ? "" : trim(line.substr(blank)));
}

}  // namespace

LoaderEntry parse_loader_entry(std::string_view text) {
  LoaderEntry out;
  for (const std::string_view line : split_lines(text)) {
    const std::vector<Field> words = split_fields(line);
    if (words.size() < 2) continue;
    const std::string& key = words[0].text;
    const std::string& value = words[1].text;
    if (key == "version") out.version = value;
    if (key == "machine-id") out.machine = value;
    if (key == "initrd") out.images.push_back(value);
    if (key == "options") out.options += (out.options.empty() ? "" : " ") + rest_of(line);
  }
  return out;
}

std::vector<std::string> extlinux_lines(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string_view line : split_lines(text)) {
    const std::vector<Field> words = split_fields(line);
    if (words.size() > 1 && lower(words[0].text) == "append") out.push_back(rest_of(line));
  }
  return out;
}

}  // namespace latchkey
