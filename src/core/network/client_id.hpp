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

/// Takes a dhclient.conf(5). True where it has the server told another identifier than the MAC
/// address, on whichever interface.
[[nodiscard]] bool names_itself(std::string_view dhclient_conf);

}  // namespace latchkey
