// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/keys/recovery_key.hpp"

#include "sys/keys/random_key.hpp"

namespace latchkey {

Result<Secret> draw_recovery_key() {
  static_assert(sizeof recovery_alphabet == 32 + 1, "five bits a character, none wasted");
  constexpr std::size_t characters = recovery_groups * recovery_group_size;
  const auto drawn = draw_random(characters, "cannot draw a recovery key");
  if (!drawn) return drawn.error();
  Secret key(characters + recovery_groups - 1);
  for (std::size_t i = 0; i < characters; ++i) {
    if (i != 0 && i % recovery_group_size == 0) (void)key.append({"-", 1});
    const auto bits = static_cast<unsigned char>(drawn->reveal()[i]) % 32U;
    (void)key.append({&recovery_alphabet[bits], 1});
  }
  return key;
}

}  // namespace latchkey
