// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/random_key.hpp"

#include <sys/random.h>

#include <cerrno>

#include "sys/base/fd.hpp"

namespace latchkey {

Result<Secret> draw_random(std::size_t bytes, const std::string& what) {
  Secret secret(bytes);
  while (secret.size() < bytes) {
    // No flags: waits until the kernel's source is seeded, which early in a
    // machine's first boot may take a moment.
    const ssize_t got = ::getrandom(secret.room().data(), secret.room().size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return system_error(errno, what);
    secret.grow(static_cast<std::size_t>(got));
  }
  return secret;
}

Result<RandomKey> RandomKey::draw() {
  auto secret = draw_random(bytes, "cannot draw a random key");
  if (!secret) return secret.error();
  return RandomKey(std::move(*secret));
}

}  // namespace latchkey
