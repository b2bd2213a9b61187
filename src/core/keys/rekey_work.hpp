// SPDX-License-Identifier: GPL-3.0-or-later
// What an interrupted `rekey` or `rotate-key` wrote down, as far as it is no matter of
// devices.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/unfinished.hpp"
#include "core/config/volume.hpp"

namespace latchkey {

/// The slots that the work recorded under `key`, as text_of_slots writes them. What is no
/// number of a slot is left out.
[[nodiscard]] std::vector<int> recorded_slots(const Unfinished& work, const std::string& key);
[[nodiscard]] std::string text_of_slots(const std::vector<int>& slots);

/// The size of the new keys volume, as lvcreate takes it: that of the old one (0: unknown),
/// but what `init` takes at least. Older scripts made smaller ones.
[[nodiscard]] std::string size_of_new_keys_volume(std::uint64_t old_bytes);

/// How many mirrors a new logical volume needs to lose as many disks as one of this kind can,
/// as lvs(8) shows it: `raid1` of 2 `stripes` has 1.
[[nodiscard]] unsigned mirrors_like(std::string_view segtype, std::string_view stripes);

/// The first of what is unfinished that stored a key on the keys volume which no volume
/// uses yet; a new keys volume would take that along. Nullptr: none.
[[nodiscard]] const Unfinished* work_with_key(const std::vector<Unfinished>& all,
                                              const std::vector<Volume>& volumes);

/// What people are told when the old keys volume cannot go: it holds what could not be taken
/// along (`held`, by names), or has snapshots, which would go with it. Empty: it can go.
[[nodiscard]] std::string why_old_keys_stay(const std::string& old, const std::string& held,
                                            const std::vector<std::string>& snapshots);

/// Forgets a new keys volume that is gone, so that it is made afresh; the slots that were
/// made for keys on it stay written down.
void forget_new_keys_volume(Unfinished& work);

}  // namespace latchkey
