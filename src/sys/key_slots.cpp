// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/key_slots.hpp"

namespace latchkey {

std::string command_to_remove_slot(const LuksPlace& place, bool keys, int slot) {
  const std::string number = std::to_string(slot);
  if (keys) return "latchkey remove-passphrase --slot " + number;
  // A header that is kept elsewhere is what cryptsetup takes for the device.
  return "cryptsetup luksKillSlot " + (place.header.empty() ? place.device : place.header) + " " +
         number;
}

}  // namespace latchkey
