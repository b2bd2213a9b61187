// SPDX-License-Identifier: GPL-3.0-or-later
// Keys that nobody can guess. Only this type may be given a cheap key slot.
#pragma once

#include <string>

#include "sys/base/secret.hpp"

namespace latchkey {

/// Draws as many bytes of the kernel's random source as are wanted. `what` is what
/// fails, for messages. Fails with Code::io when the kernel gives none.
[[nodiscard]] Result<Secret> draw_random(std::size_t bytes, const std::string& what);

/// 512 bits of the kernel's random source. There is no other way to make one, so
/// that a key from elsewhere (a file, perhaps a text) can never get a key slot
/// whose derivation costs nothing.
class RandomKey {
 public:
  static constexpr std::size_t bytes = 64;

  /// Draws a new one. Fails with Code::io when the kernel gives no random bytes.
  [[nodiscard]] static Result<RandomKey> draw();

  [[nodiscard]] const Secret& secret() const noexcept { return secret_; }

 private:
  explicit RandomKey(Secret secret) : secret_(std::move(secret)) {}
  Secret secret_;
};

}  // namespace latchkey
