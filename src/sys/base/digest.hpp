// SPDX-License-Identifier: GPL-3.0-or-later
// SHA-256, by libgcrypt.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace latchkey {

/// Gives the 32 bytes of the digest.
[[nodiscard]] std::string sha256(std::string_view bytes);

/// The digest of bytes that come piece by piece, or, with a key, their HMAC.
class Sha256 {
 public:
  /// A digest. Throws std::bad_alloc when there is no memory.
  Sha256();
  /// An HMAC; libgcrypt wipes what it keeps of the key when this goes.
  explicit Sha256(std::span<const char> key);
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();

  void add(std::string_view bytes);
  /// The 32 bytes for all that was added; nothing can be added after.
  [[nodiscard]] std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// True when both are the same, in a time that does not tell where they differ.
[[nodiscard]] bool same_bytes(std::string_view a, std::string_view b);

/// Gives bytes as lower-case hexadecimal digits.
[[nodiscard]] std::string hex(std::string_view bytes);

}  // namespace latchkey
