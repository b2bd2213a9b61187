// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel's tables of TCP connections, /proc/net/tcp and tcp6.
#pragma once

#include <cstdint>
#include <string_view>

namespace latchkey {

/// True when a connection of this port of ours has something that the other side has not
/// acknowledged yet, its end among it. Lines of another form count as none.
[[nodiscard]] bool unsent_data(std::string_view table, std::uint16_t port);

}  // namespace latchkey
