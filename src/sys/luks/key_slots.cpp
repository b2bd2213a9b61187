// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/key_slots.hpp"

#include "core/base/shell_word.hpp"
#include "sys/base/memory.hpp"
#include "sys/luks/crypt.hpp"

namespace latchkey {

std::string command_to_remove_slot(const LuksPlace& place, bool keys, int slot) {
  const std::string number = std::to_string(slot);
  if (keys) return "latchkey remove-passphrase --slot " + number;
  // A header that is kept elsewhere is what cryptsetup takes for the device.
  return "cryptsetup luksKillSlot " +
         shell_word(place.header.empty() ? place.device : place.header) + " " + number;
}

Result<std::vector<int>> slots_opened_by(const LuksDevice& luks, const Secret& key,
                                         std::vector<int>* untried) {
  std::vector<int> opened;
  const std::uint64_t memory = available_memory_kib();
  for (const SlotCost& one : luks.header().slots) {
    if (memory != 0 && one.memory_kib > memory) {
      if (untried != nullptr) untried->push_back(one.slot);
      continue;
    }
    const auto tried = luks.try_slot(one.slot, key);
    if (tried) opened.push_back(one.slot);
    if (!tried && tried.error().code != Code::denied) return tried.error();
  }
  return opened;
}

Result<> remove_replaced_slots(LuksDevice& luks, const std::vector<int>& old,
                               const Secret& stored) {
  if (const auto opens = luks.try_key(stored); !opens) return opens.error();
  for (const int slot : old) {
    if (!luks.has_slot(slot)) continue;
    const auto tried = luks.try_slot(slot, stored);
    if (tried)
      return Error{Code::refused, "cannot remove the old key's slot " + std::to_string(slot),
                   "the key in the key file opens that slot",
                   "give the volume a new key by 'latchkey rotate-key NAME', and try again"};
    if (tried.error().code != Code::denied) return tried.error();
  }
  for (const int slot : old) {
    if (luks.slot_names().count(slot) != 0) continue;
    if (auto gone = luks.remove_slot(slot); !gone) return gone;
  }
  return Ok{};
}

}  // namespace latchkey
