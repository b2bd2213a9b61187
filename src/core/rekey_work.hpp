// SPDX-License-Identifier: GPL-3.0-or-later
// What an interrupted `rekey` or `rotate-key` wrote down, as far as it is no matter of
// devices.
#pragma once

#include <string>
#include <vector>

#include "core/unfinished.hpp"

namespace latchkey {

/// The slots that the work recorded under `key`, as text_of_slots writes them. What is no
/// number of a slot is left out.
[[nodiscard]] std::vector<int> recorded_slots(const Unfinished& work, const std::string& key);
[[nodiscard]] std::string text_of_slots(const std::vector<int>& slots);

}  // namespace latchkey
