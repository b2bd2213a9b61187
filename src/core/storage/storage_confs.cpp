// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/storage_confs.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

using Settings = std::vector<std::string>;

// Each line that says something, with single spaces.
Settings settings_in(std::string_view text) {
  Settings out;
  for (const std::string_view line : split_lines(text)) {
    Settings words;
    for (const Field& field : split_fields(line)) words.push_back(field.text);
    if (!words.empty() && !words.front().starts_with('#')) out.push_back(join(words, " "));
  }
  return out;
}

// What a line of system.devices knows a device by: all but its name of the day.
Settings lvm_devices_in(std::string_view text) {
  Settings out;
  for (const std::string& line : settings_in(text)) {
    if (!line.starts_with("IDTYPE=")) continue;
    Settings words = split(line, ' ');
    std::erase_if(words, [](const std::string& word) { return word.starts_with("DEVNAME="); });
    out.push_back(join(words, " "));
  }
  return out;
}

Settings array_settings_in(std::string_view text) {
  Settings out = settings_in(text);
  constexpr std::array<std::string_view, 4> others{"CREATE", "MAILADDR", "MAILFROM", "PROGRAM"};
  std::erase_if(out, [&](const std::string& line) {
    return std::ranges::any_of(others,
                               [&](std::string_view word) { return line.starts_with(word); });
  });
  return out;
}

}  // namespace

bool same_settings(std::string_view one, std::string_view other) {
  return settings_in(one) == settings_in(other);
}

bool same_lvm_devices(std::string_view image, std::string_view host) {
  const Settings known = lvm_devices_in(image);
  const Settings wanted = lvm_devices_in(host);
  // Without the file LVM looks at every disk.
  if (known.empty() || wanted.empty()) return known.empty();
  return std::ranges::all_of(wanted, [&](const std::string& device) {
    return std::ranges::find(known, device) != known.end();
  });
}

bool same_arrays(std::string_view image, std::string_view host) {
  const Settings wanted = array_settings_in(host);
  const bool named = std::ranges::any_of(
      wanted, [](const std::string& line) { return line.starts_with("ARRAY"); });
  return !named || array_settings_in(image) == wanted;
}

}  // namespace latchkey
