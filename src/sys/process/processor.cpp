// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/process/processor.hpp"

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {

bool processor_has_aes() {
  const auto text = read_file("/proc/cpuinfo", 16UL << 20U);
  if (!text) return true;
  for (const std::string_view line : split_lines(*text)) {
    // x86 says `flags`, Arm `Features`.
    if (!line.starts_with("flags") && !line.starts_with("Features")) continue;
    for (const Field& word : split_fields(line))
      if (word.text == "aes") return true;
    return false;
  }
  return true;
}

}  // namespace latchkey
