// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/loader_entry.hpp"

#include "core/text.hpp"

namespace latchkey {

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
  }
  return out;
}

}  // namespace latchkey
