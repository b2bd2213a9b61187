// SPDX-License-Identifier: GPL-3.0-or-later
// Who typed a command, for the log. Told to people; nothing is decided by it.
#pragma once

#include "core/unlock/report.hpp"

namespace latchkey {

/// The account that the kernel noted at the login (or that sudo names, or whose
/// process this is), and the address that ssh told. Never fails.
[[nodiscard]] Peer who_types();

}  // namespace latchkey
