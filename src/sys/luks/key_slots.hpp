// SPDX-License-Identifier: GPL-3.0-or-later
// Which slots of a header belong to which secret, and what becomes of them.
#pragma once

#include <string>
#include <vector>

#include "sys/luks/luks.hpp"

namespace latchkey {

/// The command line that removes a slot of the header at `place`: that of the keys volume
/// (`keys`) by our own command, others by cryptsetup.
[[nodiscard]] std::string command_to_remove_slot(const LuksPlace& place, bool keys, int slot);

/// Every slot that a passphrase or key opens, of those that the free memory suffices for; the
/// others are added to `untried`. Fails as LuksDevice::try_slot, but not for a slot that it
/// does not open.
[[nodiscard]] Result<std::vector<int>> slots_opened_by(const LuksDevice& luks, const Secret& key,
                                                       std::vector<int>* untried = nullptr);

/// Removes the slots of a key that was replaced, `old`, which were written down while it
/// was there to be tried. `stored`, the key in the key file, must open another slot; a slot
/// that has a name since then is a person's and stays. Fails with Code::denied when
/// `stored` opens nothing, Code::refused when it opens one of `old`, and as
/// LuksDevice::remove_slot.
[[nodiscard]] Result<> remove_replaced_slots(LuksDevice& luks, const std::vector<int>& old,
                                             const Secret& stored);

}  // namespace latchkey
