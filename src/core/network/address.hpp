// SPDX-License-Identifier: GPL-3.0-or-later
// IPv4 and IPv6 addresses, as texts give them and as `ip` takes them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace latchkey {

/// One address; an IPv4 address uses the first four bytes.
struct Address {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};

  bool operator==(const Address&) const = default;
  /// The usual text, without brackets.
  [[nodiscard]] std::string text() const;
  /// Bits of the family: 32 or 128.
  [[nodiscard]] unsigned bits() const noexcept { return v6 ? 128 : 32; }
  /// True for an address that a host can have: not unspecified, loopback,
  /// multicast, broadcast or of a reserved range.
  [[nodiscard]] bool host() const noexcept;
  /// True for fe80::/10: on every link without any route.
  [[nodiscard]] bool link_local() const noexcept;
  /// True for one that the internet has no route to (RFC 1918, 6598, 4193).
  [[nodiscard]] bool inner() const noexcept;
};

/// An address with the length of its prefix. Also names a network; then the
/// bits behind the prefix are zero (see network()).
struct Subnet {
  Address address;
  unsigned prefix = 0;

  bool operator==(const Subnet&) const = default;
  /// `192.0.2.10/24`.
  [[nodiscard]] std::string text() const;
  /// True when `other` is of the same family and network.
  [[nodiscard]] bool contains(const Address& other) const noexcept;
  /// The same with all bits behind the prefix zero.
  [[nodiscard]] Subnet network() const noexcept;
};

/// Reads `192.0.2.10` or `2001:db8::2` (no brackets, no zone); nothing else.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

/// Reads `192.0.2.10/24` or `2001:db8::2/64`; the prefix is needed.
[[nodiscard]] std::optional<Subnet> parse_subnet(std::string_view text);

/// Reads an IPv4 netmask, `255.255.255.0`; nothing when its ones have a gap.
[[nodiscard]] std::optional<unsigned> parse_netmask(std::string_view text);

/// The prefix that a netmask left out means for an IPv4 address: that of its
/// class, as the kernel takes it; 64 for IPv6.
[[nodiscard]] unsigned default_prefix(const Address& address) noexcept;

/// True for a name that a network link can have and that no program mistakes
/// for something else: 1 to 15 bytes of letters, digits and `_.:-@+`, not
/// beginning with `-`, neither `.` nor `..`.
[[nodiscard]] bool valid_link_name(std::string_view name);

/// Reads `52:54:00:12:34:56` (or with `-`); gives it with colons, lower case.
[[nodiscard]] std::optional<std::string> parse_mac(std::string_view text);

/// True for a host name to tell a DHCP server: letters, digits, `-_.`, at most
/// 63 bytes, beginning with a letter or digit.
[[nodiscard]] bool valid_hostname(std::string_view name);

/// Takes the text of an /etc/hostname; gives the first line that is a host name to tell,
/// or nothing. `localhost` is none.
[[nodiscard]] std::string hostname_in(std::string_view text);

}  // namespace latchkey
