// SPDX-License-Identifier: GPL-3.0-or-later
// The moments at which the matrix strikes, and what is said afterwards.
#pragma once

#include <string>

#include "faults/matrix.hpp"

namespace latchkey::test {

/// Moments of an unlock in early boot, as conditions for its shell.
inline const std::string keys_open = "grep -qsx cleartext-keys /sys/block/dm-*/dm/name";
inline const std::string first_open = "grep -qsx cleartext-[abe] /sys/block/dm-*/dm/name";
inline const std::string all_open =
    "[ \"$(grep -lsx cleartext-[abe] /sys/block/dm-*/dm/name | wc -l)\" -eq 3 ]";

/// A shell's words that do `then` as soon as `condition` holds.
[[nodiscard]] std::string when(const std::string& condition, const std::string& then);

/// Strikes in the middle of an unlock; gives the unlocker's last words with `part`.
[[nodiscard]] std::string unlock_struck(Machine& m, const std::string& condition,
                                        const std::string& blow, const std::string& part);

/// The first line with `part` that a command says on the machine's own system.
[[nodiscard]] std::string says(Machine& m, const std::string& command, const std::string& part);

/// A line of early boot's status over ssh; waits for the door to open again.
[[nodiscard]] std::string early_says(Machine& m, const std::string& part);

}  // namespace latchkey::test
