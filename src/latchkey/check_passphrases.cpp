// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/check.hpp"
#include "latchkey/slots.hpp"

namespace latchkey {

Findings check_passphrases(const EarlyInputs& inputs) {
  if (!inputs.config) return {};
  const KeysVolume& keys = inputs.config->keys;
  const auto luks = LuksDevice::open(
      {.device = keys.device.path(), .header = {}, .name = "keys", .uuid = keys.uuid});
  // A header that cannot be read is told by check_devices.
  if (!luks) return {};
  Findings out;
  const auto names = luks->slot_names();
  for (const SlotCost& slot : luks->header().slots)
    out.push_back(good("a passphrase opens the keys volume: " + slot_text(names, slot.slot)));
  return out;
}

}  // namespace latchkey
