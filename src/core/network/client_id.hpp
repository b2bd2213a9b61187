// SPDX-License-Identifier: GPL-3.0-or-later
// What a DHCP client calls itself (option 61): many servers give the address by it, and not by
// the MAC address. Kept as hexadecimal digits without anything between them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace latchkey {

/// Reads `ff:12:34` or `ff1234`, 2 to 255 bytes; gives it as `ff1234`. Nothing for other texts.
[[nodiscard]] std::optional<std::string> parse_client_id(std::string_view text);

/// What the kernel makes of `dhcp,TYPE,VALUE`: a byte, and the bytes of the text, of which
/// those that it has no room for are left out. Nothing where the type is no byte.
[[nodiscard]] std::optional<std::string> kernel_client_id(std::string_view type,
                                                          std::string_view value);

/// What busybox's client tells where it is told nothing: the type of Ethernet and the address.
[[nodiscard]] std::string usual_client_id(std::string_view mac);

/// Takes a link's MAC address and a DUID in hexadecimal; gives the identifier that RFC 4361 makes
/// of them: 255, the last four bytes of the address as the IAID (what dhclient and dhcpcd take for
/// it), the DUID. Nothing where either is none.
[[nodiscard]] std::optional<std::string> rfc4361_client_id(std::string_view mac,
                                                           std::string_view duid);

/// What a dhclient.conf(5) has the server told, on whichever interface: nothing in particular, the
/// MAC address, or another identifier.
enum class ToldName { none, hardware, other };
[[nodiscard]] ToldName dhclient_name(std::string_view dhclient_conf);

/// Takes dhclient.leases(5); gives the DUID that it keeps there, in hexadecimal. Nothing where
/// there is none.
[[nodiscard]] std::optional<std::string> dhclient_duid(std::string_view leases);

/// True where a dhcpcd.conf(5) has it make its identifier by RFC 4361, with the usual IAID: what
/// Debian's own says.
[[nodiscard]] bool dhcpcd_by_duid(std::string_view dhcpcd_conf);

}  // namespace latchkey
