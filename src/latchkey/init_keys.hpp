// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey init`: who may unlock.
#pragma once

#include <string>

#include "latchkey/command.hpp"

namespace latchkey {

/// Takes the file that --authorized-keys named (empty: none). Gives the text for
/// /etc/latchkey/authorized_keys: that of the named file, that of the one which is
/// there already, or, on a terminal, the person's own keys after a question. Fails
/// with Code::config when a line cannot be honoured in early boot or there is no key
/// (each reason is told before), Code::refused when the file is there and says
/// something else, or the person says no, Code::usage when there is nobody to ask.
[[nodiscard]] Result<std::string> choose_authorized_keys(const Globals& globals,
                                                         const std::string& file);

/// True when choose_authorized_keys would ask a person.
[[nodiscard]] bool would_ask_for_keys(const Globals& globals, const std::string& file);

}  // namespace latchkey
