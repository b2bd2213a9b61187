// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/process/process_stat.hpp"

#include "sys/base/fd.hpp"

namespace latchkey {

std::optional<std::string> stat_behind_name(const std::string& file) {
  const auto text = read_file(file, 4096);
  const std::size_t end = text ? text->rfind(") ") : std::string::npos;
  if (end == std::string::npos) return {};
  return text->substr(end + 2);
}

}  // namespace latchkey
