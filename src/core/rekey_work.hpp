// SPDX-License-Identifier: GPL-3.0-or-later
// What an interrupted `rekey` or `rotate-key` wrote down, as far as it is no matter of
// devices.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/unfinished.hpp"

namespace latchkey {

/// The slots that the work recorded under `key`, as text_of_slots writes them. What is no
/// number of a slot is left out.
[[nodiscard]] std::vector<int> recorded_slots(const Unfinished& work, const std::string& key);
[[nodiscard]] std::string text_of_slots(const std::vector<int>& slots);

/// The size of the new keys volume, as lvcreate takes it: that of the old one (0: unknown),
/// but what `init` takes at least. Older scripts made smaller ones.
[[nodiscard]] std::string size_of_new_keys_volume(std::uint64_t old_bytes);

/// Forgets a new keys volume that is gone, so that it is made afresh; the slots that were
/// made for keys on it stay written down.
void forget_new_keys_volume(Unfinished& work);

}  // namespace latchkey
