// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/luks/luks_slots.hpp"
#include "latchkey/check/check.hpp"
#include "sys/luks/luks_bytes.hpp"

namespace latchkey {

Findings check_passphrases(const Paths& paths, const EarlyInputs& inputs) {
  if (!inputs.config) return {};
  // By its bytes alone: libcryptsetup would repair a damaged header on the device.
  const auto bytes = read_luks_bytes_in_time(paths.root + inputs.config->keys.device.path());
  if (!bytes) return {};  // told by check_devices
  const auto slots = parse_luks_slots(*bytes);
  if (!slots) return {};
  Findings out;
  const auto names = parse_slot_names(*bytes);
  for (const SlotCost& slot : *slots)
    out.push_back(good("a passphrase opens the keys volume: " + slot_text(names, slot.slot)));
  return out;
}

}  // namespace latchkey
