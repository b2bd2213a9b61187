// SPDX-License-Identifier: GPL-3.0-or-later
// A boot that does not go on after the unlock, because root cannot be checked or mounted:
// the coordinator is gone, the door is still open, and each session helps itself.
#pragma once

#include <string>
#include <vector>

#include "core/ssh/door_keys.hpp"

namespace latchkey {

/// True for a word that a session can do without the coordinator: log, shell, reboot,
/// poweroff.
[[nodiscard]] bool works_alone(Word word);

/// The words of this key that are, as a person types them.
[[nodiscard]] std::vector<std::string> words_alone(const DoorKey& key);

/// What is told to whoever says another word: how it is with the volumes (`open`, a
/// sentence without an end), that the boot has not gone on, what this key may say.
[[nodiscard]] std::vector<std::string> stuck_lines(const std::string& open, const DoorKey& key);

}  // namespace latchkey
