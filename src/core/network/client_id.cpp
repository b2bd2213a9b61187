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

std::optional<std::string> rfc4361_client_id(std::string_view mac, std::string_view duid) {
  const auto address = parse_client_id(mac);
  const auto own = parse_client_id(duid);
  constexpr std::size_t iaid = 8;  // digits of its four bytes
  if (!address || address->size() < iaid || !own) return {};
  return parse_client_id("ff" + address->substr(address->size() - iaid) + *own);
}

ToldName dhclient_name(std::string_view dhclient_conf) {
  std::string text;
  for (const std::string_view line : split_lines(dhclient_conf))
    text += std::string(line.substr(0, line.find('#'))) + "\n";
  for (const char sign : {'{', '}', '='}) std::ranges::replace(text, sign, sign == '=' ? ' ' : ';');
  ToldName out = ToldName::none;
  for (const std::string& statement : split(text, ';')) {
    const auto words = split_fields(replace_all(statement, "\n", " "));
    if (words.size() < 3 || words[0].text != "send" || words[1].text != "dhcp-client-identifier")
      continue;
    if (words[2].text != "hardware") return ToldName::other;
    out = ToldName::hardware;
  }
  return out;
}

std::optional<std::string> dhclient_duid(std::string_view leases) {
  constexpr std::string_view begin = "default-duid \"";
  const std::size_t at = leases.find(begin);
  if (at == std::string_view::npos) return {};
  std::string out;
  std::string_view text = leases.substr(at + begin.size());
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  while (!text.empty() && text.front() != '"') {
    auto byte = static_cast<std::uint8_t>(text.front());
    std::size_t taken = 1;
    if (text.front() == '\\' && text.size() > 3 && octal(text[1]) && octal(text[2]) &&
        octal(text[3])) {
      byte =
          static_cast<std::uint8_t>((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
      taken = 4;
    } else if (text.front() == '\\' && text.size() > 1) {
      byte = static_cast<std::uint8_t>(text[1]);
      taken = 2;
    }
    out += hex_byte(byte);
    text.remove_prefix(taken);
  }
  if (text.empty()) return {};  // it was cut off
  return parse_client_id(out);
}

bool dhcpcd_by_duid(std::string_view dhcpcd_conf) {
  bool out = false;
  for (const std::string_view line : split_lines(dhcpcd_conf)) {
    const auto words = split_fields(trim(line.substr(0, line.find('#'))));
    if (words.empty()) continue;
    if (words[0].text == "duid" && words.size() == 1) out = true;
    for (const char* other : {"clientid", "iaid", "anonymous"})
      if (words[0].text == other) return false;
  }
  return out;
}

}  // namespace latchkey
