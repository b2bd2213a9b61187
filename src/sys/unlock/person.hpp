// SPDX-License-Identifier: GPL-3.0-or-later
// Who typed a command, for the log. Told to people; nothing is decided by it.
#pragma once

#include <string>
#include <vector>

#include "core/unlock/report.hpp"

namespace latchkey {

/// The account that the kernel noted at the login (or that sudo names, or whose
/// process this is), and the address that ssh told. Never fails.
[[nodiscard]] Peer who_types();

/// The accounts of whoever types, none twice: that of the login, from which su(1) and doas lead
/// here as well, that which sudo names, and root last.
[[nodiscard]] std::vector<std::string> accounts_here();

}  // namespace latchkey
