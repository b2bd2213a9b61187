// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/recovery_key.hpp"

#include <sys/random.h>

#include <cerrno>

#include "sys/fd.hpp"

namespace latchkey {

Result<Secret> draw_recovery_key() {
  static_assert(sizeof recovery_alphabet == 32 + 1, "five bits a character, none wasted");
  constexpr std::size_t characters = recovery_groups * recovery_group_size;
  Secret drawn(characters);
  while (drawn.size() < characters) {
    const ssize_t got = ::getrandom(drawn.room().data(), drawn.room().size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return system_error(errno, "cannot draw a recovery key");
    drawn.grow(static_cast<std::size_t>(got));
  }
  Secret key(characters + recovery_groups - 1);
  for (std::size_t i = 0; i < characters; ++i) {
    if (i != 0 && i % recovery_group_size == 0) (void)key.append({"-", 1});
    const auto bits = static_cast<unsigned char>(drawn.reveal()[i]) % 32U;
    (void)key.append({&recovery_alphabet[bits], 1});
  }
  return key;
}

}  // namespace latchkey
