// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/base/memory.hpp"

#include <string_view>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

std::uint64_t meminfo(const std::string& root, std::string_view name) {
  const std::string text = text_or_empty(root + "/proc/meminfo");
  for (const std::string_view line : split_lines(text)) {
    const auto fields = split_fields(line);
    if (fields.size() >= 2 && fields[0].text == name)
      return parse_number(fields[1].text, 1UL << 50U).value_or(0);
  }
  return 0;
}

}  // namespace

std::uint64_t machine_memory_kib(const std::string& root) { return meminfo(root, "MemTotal:"); }

std::uint64_t available_memory_kib() { return meminfo("", "MemAvailable:"); }

}  // namespace latchkey
