// SPDX-License-Identifier: GPL-3.0-or-later
// The first bytes of a device.
#include "core/luks/luks_ciphers.hpp"
#include "core/luks/luks_limits.hpp"
#include "core/luks/luks_slots.hpp"
#include "core/luks/slot_marks.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  must(luks_header_size(text) <= (4UL << 20U));
  const auto ciphers = parse_luks_ciphers(text);
  judge(ciphers);
  if (ciphers) {
    (void)cipher_modules(ciphers->data);
    for (const std::string& slot : ciphers->slots) (void)slot_modules(slot);
  }
  (void)parse_slot_names(text);
  for (const int slot : {0, 7}) (void)luks1_slot_mark(text, slot);
  const auto slots = parse_luks_slots(text);
  judge(slots);
  if (!slots) return;
  if (const auto error = judge_data_slots(*slots, "a")) judge(*error);
  for (const Error& error : judge_keys_slots(*slots, 1UL << 20U)) judge(error);
  if (const auto error = judge_costs({.slots = *slots}, "a")) judge(*error);
}
