// SPDX-License-Identifier: GPL-3.0-or-later
// What a machine has by its network before the system is started.
#pragma once

#include <string>

namespace latchkey {

/// What depends on the network and would fail if its links went down, in words for a message
/// (`a mount of type nfs`); empty for nothing.
[[nodiscard]] std::string network_user(const std::string& root);

}  // namespace latchkey
