// SPDX-License-Identifier: GPL-3.0-or-later
// Where the coordinator and its clients meet.
#pragma once

#include <string>

#include "sys/base/fd.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// /run/latchkey/early/socket; its directory is open to root only.
[[nodiscard]] std::string socket_path(const Paths& paths);

/// Makes the directory and the listening socket; one that a dead coordinator
/// left is replaced. Fails with Code::io.
[[nodiscard]] Result<Fd> listen_for_clients(const Paths& paths);

/// Connects. Fails with Code::missing while nobody listens.
[[nodiscard]] Result<Fd> connect_to_coordinator(const Paths& paths);

}  // namespace latchkey
