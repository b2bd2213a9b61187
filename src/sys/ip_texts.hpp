// SPDX-License-Identifier: GPL-3.0-or-later
// Asking `ip` about the running system.
#pragma once

#include "core/host_network.hpp"

namespace latchkey {

/// What `ip` prints of the running system's network. Never fails: what cannot be asked is
/// an empty text.
[[nodiscard]] IpTexts read_ip();

}  // namespace latchkey
