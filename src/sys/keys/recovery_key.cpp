// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/keys/recovery_key.hpp"

#include <algorithm>
#include <string_view>

#include "sys/luks/random_key.hpp"

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

std::optional<Secret> as_recovery_key(std::span<const char> typed) {
  constexpr std::size_t characters = recovery_groups * recovery_group_size;
  constexpr std::string_view alphabet = recovery_alphabet;
  Secret key(characters + recovery_groups - 1);
  std::size_t count = 0;
  for (char c : typed) {
    if (c == ' ' || c == '-' || c == '\t') continue;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == 'o') c = '0';
    if (c == 'i' || c == 'l') c = '1';
    if (alphabet.find(c) == std::string_view::npos || count == characters) return {};
    if (count != 0 && count % recovery_group_size == 0) (void)key.append({"-", 1});
    (void)key.append({&c, 1});
    ++count;
  }
  if (count != characters || std::ranges::equal(key.reveal(), typed)) return {};
  return key;
}

}  // namespace latchkey
