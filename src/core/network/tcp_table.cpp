// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/tcp_table.hpp"

#include <charconv>
#include <optional>
#include <string>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

constexpr unsigned long listening = 0x0a;

std::optional<unsigned long> hexadecimal(std::string_view text) {
  unsigned long out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return out;
}

}  // namespace

// sl local_address rem_address st tx_queue:rx_queue …, all in hexadecimal.
bool unsent_data(std::string_view table, std::uint16_t port) {
  for (const std::string_view line : split_lines(table)) {
    const auto fields = split_fields(line);
    if (fields.size() < 5) continue;
    const std::string_view local = fields[1].text;
    const std::string_view queues = fields[4].text;
    const std::size_t colon = local.rfind(':');
    const std::size_t between = queues.find(':');
    if (colon == std::string_view::npos || between == std::string_view::npos) continue;
    // A listening one's queue holds those that wait to be let in.
    if (hexadecimal(local.substr(colon + 1)) != port || hexadecimal(fields[3].text) == listening)
      continue;
    if (hexadecimal(queues.substr(0, between)).value_or(0) > 0) return true;
  }
  return false;
}

}  // namespace latchkey
