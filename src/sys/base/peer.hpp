// SPDX-License-Identifier: GPL-3.0-or-later
// Who is at the other end of a socket.
#pragma once

namespace latchkey {

/// True when the process that connected to this end of a unix(7) socket did so as the user
/// that this process runs as; false when the kernel does not say.
[[nodiscard]] bool peer_is_same_user(int socket) noexcept;

}  // namespace latchkey
