// SPDX-License-Identifier: GPL-3.0-or-later
// A new passphrase: asked twice, judged, and brought into the form in which any
// keyboard gives it again.
#pragma once

#include <string>

#include "latchkey/cli/asker.hpp"
#include "latchkey/cli/command.hpp"
#include "sys/luks/luks.hpp"

namespace latchkey {

/// Asks for a new passphrase (see Asker::ask_new) and gives it composed (NFC).
/// Warns of what could make it hard to type in early boot. Fails as ask_new, with
/// Code::refused when it could be guessed; with `accept_weak` that is a warning. A
/// person is asked again, three times in all.
[[nodiscard]] Result<Secret> ask_new_passphrase(const Globals& globals, Asker& asker,
                                                const std::string& prompt, bool accept_weak);

/// What the key slot of a passphrase may cost on this machine. Warns when even the
/// least may be too much for early boot.
[[nodiscard]] PassphraseCost passphrase_cost();

}  // namespace latchkey
