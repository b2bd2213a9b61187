// SPDX-License-Identifier: GPL-3.0-or-later
// What tells that a key slot is the one that was noted under its number. Freed numbers are given
// out again, and a note of unfinished work may come back with an old /etc when another's
// passphrase has the number.
#pragma once

#include <string>
#include <string_view>

#include "core/config/unfinished.hpp"

namespace latchkey {

/// The mark of a slot: the salt of its key derivation, which is drawn anew for each slot and is
/// no secret. Takes a LUKS2 header's JSON. Empty where it has no such slot.
[[nodiscard]] std::string luks2_slot_mark(std::string_view json, int slot);

/// The same of the bytes of a LUKS1 header.
[[nodiscard]] std::string luks1_slot_mark(std::string_view bytes, int slot);

/// Notes the mark of a slot whose number the work has noted under `key`.
void note_slot_mark(Unfinished& work, const std::string& key, int slot, const std::string& mark);

/// The mark that was noted so; empty where none was.
[[nodiscard]] std::string noted_slot_mark(const Unfinished& work, const std::string& key, int slot);

/// True when a mark was noted for that slot and `now`, the one it has, is another. False where
/// none was noted: older releases did not.
[[nodiscard]] bool is_another_slot(const Unfinished& work, const std::string& key, int slot,
                                   const std::string& now);

}  // namespace latchkey
