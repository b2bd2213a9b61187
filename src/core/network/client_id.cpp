// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/client_id.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

constexpr std::size_t least = 2;
constexpr std::size_t most = 255;          // the length is one byte
constexpr std::size_t kernels_most = 251;  // what its buffer takes of the value

std::string hex_byte(std::uint8_t byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  return {digits[byte >> 4U], digits[byte & 15U]};
}

}  // namespace

std::optional<std::string> parse_client_id(std::string_view text) {
  std::string out = lower(text);
  if (out.find(':') != std::string::npos) {
    const auto bytes = split(out, ':');
    if (std::ranges::any_of(bytes, [](const std::string& byte) { return byte.size() != 2; }))
      return {};
    out = join(bytes, "");
  }
  const bool hex = out.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hex || out.size() % 2 != 0 || out.size() < 2 * least || out.size() > 2 * most) return {};
  return out;
}

std::optional<std::string> kernel_client_id(std::string_view type, std::string_view value) {
  const bool hex = type.starts_with("0x") || type.starts_with("0X");
  if (hex) type.remove_prefix(2);
  std::uint8_t byte = 0;
  const auto [end, failed] =
      std::from_chars(type.data(), type.data() + type.size(), byte, hex ? 16 : 10);
  if (failed != std::errc() || end != type.data() + type.size()) return {};
  std::string out = hex_byte(byte);
  for (const char c : value.substr(0, kernels_most)) out += hex_byte(static_cast<std::uint8_t>(c));
  return out;
}

std::string usual_client_id(std::string_view mac) {
  return "01" + replace_all(lower(mac), ":", "");
}

bool names_itself(std::string_view dhclient_conf) {
  std::string text;
  for (const std::string_view line : split_lines(dhclient_conf))
    text += std::string(line.substr(0, line.find('#'))) + "\n";
  for (const char sign : {'{', '}', '='}) std::ranges::replace(text, sign, sign == '=' ? ' ' : ';');
  return std::ranges::any_of(split(text, ';'), [](const std::string& statement) {
    const auto words = split_fields(replace_all(statement, "\n", " "));
    return words.size() > 2 && words[0].text == "send" &&
           words[1].text == "dhcp-client-identifier" && words[2].text != "hardware";
  });
}

}  // namespace latchkey
