// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/unit_order.hpp"

#include "core/base/lists.hpp"
#include "core/base/text.hpp"
#include "sys/process/process.hpp"

namespace latchkey {

std::vector<std::string> parse_before(const std::string& text) {
  constexpr std::string_view key = "Before=";
  std::vector<std::string> out;
  for (const std::string_view line : split_lines(text))
    if (line.starts_with(key))
      for (const Field& field : split_fields(line.substr(key.size()))) out.push_back(field.text);
  return out;
}

std::vector<std::string> ordered_before(const std::vector<std::string>& units) {
  std::vector<std::string> argv{"systemctl", "show", "--no-pager", "--property=Before", "--"};
  append(argv, units);
  const auto ran =
      run(argv,
          {.timeout = std::chrono::seconds(60), .merge_stderr = false, .output_limit = 1UL << 20});
  return ran ? parse_before(ran->output) : std::vector<std::string>{};
}

}  // namespace latchkey
