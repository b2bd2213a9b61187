// SPDX-License-Identifier: GPL-3.0-or-later
// Which slots of a header belong to which secret, and what becomes of them.
#pragma once

#include <string>

#include "sys/luks.hpp"

namespace latchkey {

/// The command line that removes a slot of the header at `place`: that of the keys volume
/// (`keys`) by our own command, others by cryptsetup.
[[nodiscard]] std::string command_to_remove_slot(const LuksPlace& place, bool keys, int slot);

}  // namespace latchkey
