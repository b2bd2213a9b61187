// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/traces.hpp"

#include "core/base/text.hpp"

namespace latchkey {
std::vector<std::string> swap_areas(std::string_view proc_swaps) {
  std::vector<std::string> out;
  for (const std::string_view line : split_lines(proc_swaps)) {
    // `path type size used priority`, and a line of titles before.
    const std::vector<Field> fields = split_fields(line);
    if (fields.size() != 5 || !fields[0].text.starts_with('/')) continue;
    if (fields[0].text.starts_with("/dev/zram")) continue;
    out.push_back(fields[0].text);
  }
  return out;
}

std::string crash_directory(std::string_view kdump_settings) {
  bool used = false;
  bool elsewhere = false;  // on another machine
  std::string directory = "/var/crash";
  for (std::string_view line : split_lines(kdump_settings)) {
    line = trim(line);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || line.starts_with('#')) continue;
    const std::string_view value = unquoted(line.substr(equals + 1));
    if (line.starts_with("USE_KDUMP=")) used = value == "1";
    for (const char* place : {"NFS=", "SSH=", "FTP="})
      if (line.starts_with(place) && !value.empty()) elsewhere = true;
    if (line.starts_with("KDUMP_COREDIR=") && value.starts_with('/')) directory = value;
  }
  return used && !elsewhere ? directory : std::string();
}

}  // namespace latchkey
