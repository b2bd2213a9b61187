// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/address.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

bool letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool made_of(std::string_view text, std::string_view more) {
  return std::ranges::all_of(
      text, [&](char c) { return letter_or_digit(c) || more.find(c) != std::string_view::npos; });
}

}  // namespace

std::string Address::text() const {
  char buffer[INET6_ADDRSTRLEN] = "";
  return ::inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), buffer, sizeof buffer) ? buffer : "";
}

bool Address::host() const noexcept {
  if (!v6) return bytes[0] != 0 && bytes[0] != 127 && bytes[0] < 224;
  if (bytes[0] == 0xff) return false;
  const bool low = std::all_of(bytes.begin(), bytes.end() - 1, [](auto b) { return b == 0; });
  return !low || bytes[15] > 1;
}

bool Address::link_local() const noexcept {
  return v6 && bytes[0] == 0xfe && (bytes[1] & 0xc0U) == 0x80U;
}

bool Address::inner() const noexcept {
  if (v6) return (bytes[0] & 0xfeU) == 0xfcU;
  return bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xf0U) == 16) ||
         (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 100 && (bytes[1] & 0xc0U) == 64);
}

std::string Subnet::text() const { return address.text() + "/" + std::to_string(prefix); }

Subnet Subnet::network() const noexcept {
  Subnet out = *this;
  for (unsigned i = 0; i < out.address.bytes.size(); ++i) {
    const unsigned kept = prefix > i * 8 ? std::min(8U, prefix - i * 8) : 0;
    out.address.bytes[i] &= static_cast<std::uint8_t>(0xff00U >> kept);
  }
  return out;
}

bool Subnet::contains(const Address& other) const noexcept {
  return other.v6 == address.v6 && Subnet{other, prefix}.network() == network();
}

std::optional<Address> parse_address(std::string_view text) {
  Address out;
  out.v6 = text.find(':') != std::string_view::npos;
  // The C function takes a text that ends in NUL, so one inside would hide the rest.
  if (text.find('\0') != std::string_view::npos) return {};
  if (::inet_pton(out.v6 ? AF_INET6 : AF_INET, std::string(text).c_str(), out.bytes.data()) != 1)
    return {};
  return out;
}

std::optional<Subnet> parse_subnet(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return {};
  const auto prefix = parse_number(text.substr(slash + 1), address->bits());
  if (!prefix) return {};
  return Subnet{*address, static_cast<unsigned>(*prefix)};
}

std::optional<unsigned> parse_netmask(std::string_view text) {
  const auto mask = parse_address(text);
  if (!mask || mask->v6) return {};
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 4; ++i) bits = (bits << 8U) | mask->bytes[i];
  unsigned prefix = 0;
  while (prefix < 32 && ((bits >> (31 - prefix)) & 1U) != 0) ++prefix;
  if (prefix < 32 && (bits << prefix) != 0) return {};
  return prefix;
}

unsigned default_prefix(const Address& address) noexcept {
  if (address.v6) return 64;
  return address.bytes[0] < 128 ? 8 : address.bytes[0] < 192 ? 16 : 24;
}

bool valid_link_name(std::string_view name) {
  return !name.empty() && name.size() <= 15 && name.front() != '-' && name != "." && name != ".." &&
         made_of(name, "_.:-@+");
}

std::optional<std::string> parse_mac(std::string_view text) {
  if (text.size() != 17) return {};
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i % 3 == 2) {
      if (c != ':' && c != '-') return {};
      out += ':';
    } else if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
      out += c;
    } else if (c >= 'A' && c <= 'F') {
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      return {};
    }
  }
  return out;
}

bool valid_hostname(std::string_view name) {
  return !name.empty() && name.size() <= 63 && letter_or_digit(name.front()) &&
         made_of(name, "-_.");
}

std::string hostname_in(std::string_view text) {
  for (const std::string_view line : split_lines(text))
    if (const std::string_view name = trim(line); valid_hostname(name) && name != "localhost")
      return std::string(name);
  return "";
}

}  // namespace latchkey
