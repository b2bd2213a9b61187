// SPDX-License-Identifier: GPL-3.0-or-later
// The moments at which the matrix strikes, and what is said afterwards.
#pragma once

#include <optional>
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

/// How an unlock's result ends; the greeting before it has other words.
inline const std::string goes_on = "the boot goes on";

/// What a release shows of the last service, when nothing is missing.
inline const std::string all_run = "serve-e.service  running";

/// Strikes in the middle of an unlock, and checks that the blow fell; gives the unlocker's
/// last words with `part`, if it could still say them.
[[nodiscard]] std::string unlock_struck(Machine& m, const std::string& condition,
                                        const std::string& blow, const std::string& part);

/// The first line with `part`, which has to be there.
[[nodiscard]] std::string the_line(const std::string& output, const std::string& part);

/// The same of what a command says on the machine's own system, which has to end with
/// `status`; nothing where the moment decides about that.
[[nodiscard]] std::string says(Machine& m, const std::string& command, const std::string& part,
                               std::optional<int> status);

/// A line of early boot's status over ssh; waits for the door to open again.
[[nodiscard]] std::string early_says(Machine& m, const std::string& part);

}  // namespace latchkey::test
