// SPDX-License-Identifier: GPL-3.0-or-later
// What early boot says while it waits.
#pragma once

#include <string>
#include <vector>

#include "core/facts.hpp"
#include "core/plan.hpp"

namespace latchkey {

/// `all 4 volumes are open`, or `1 of 4 volumes are open`.
[[nodiscard]] std::string open_sentence(const Setup& setup, const Facts& facts);

/// The state of the waiting, a line each: since when (`seconds`), which devices
/// have not appeared, how many answers were wrong.
[[nodiscard]] std::vector<std::string> waiting_lines(const Setup& setup, const Facts& facts,
                                                     double seconds, unsigned wrong_answers);

/// A closed volume that the boot cannot go on without: that of the root file system or of
/// /usr; nullptr: the boot can go on. Points into `setup`.
[[nodiscard]] const Volume* closed_and_needed(const Setup& setup, const Facts& facts);

/// What such a volume is to the boot: `the root file system` or `/usr`.
[[nodiscard]] std::string need_text(const Volume& volume);

}  // namespace latchkey
