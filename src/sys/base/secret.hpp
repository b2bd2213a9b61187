// SPDX-License-Identifier: GPL-3.0-or-later
// Memory for passphrases and keys.
#pragma once

#include <cstddef>
#include <span>

#include "core/base/result.hpp"

namespace latchkey {

/// Bytes that are locked into memory as far as the kernel allows (RLIMIT_MEMLOCK), left out of core
/// dumps, not inherited by forked processes (they see zeroes) and wiped when they go. Move-only,
/// never printable, never copied, of fixed capacity.
class Secret {
 public:
  Secret() = default;
  /// Takes the most bytes it will hold. Throws std::bad_alloc when the system
  /// gives no memory.
  explicit Secret(std::size_t capacity);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  /// Appends bytes; false (and nothing appended) when they do not fit.
  [[nodiscard]] bool append(std::span<const char> bytes) noexcept;
  /// Wipes the content; the capacity stays.
  void clear() noexcept;

  /// The bytes themselves. Every caller is a place to look at in a review.
  [[nodiscard]] std::span<const char> reveal() const noexcept { return {data_, size_}; }
  /// Room for a system call to write into: the free capacity behind the content.
  [[nodiscard]] std::span<char> room() noexcept { return {data_ + size_, capacity_ - size_}; }
  /// Says that a system call wrote `count` bytes into room().
  void grow(std::size_t count) noexcept { size_ += count; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool locked() const noexcept { return locked_; }

 private:
  void free() noexcept;

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t mapped_ = 0;
  bool locked_ = false;
};

/// Makes the process a poor place to read secrets from: no core dumps, not
/// dumpable, so neither ptrace nor /proc/PID/mem for others than root. To be
/// called first in every process that will hold a secret.
void protect_process() noexcept;

/// Reads from a descriptor to its end into a Secret of at most `limit` bytes.
/// Fails with Code::io, also when more bytes come.
[[nodiscard]] Result<Secret> read_secret(int fd, std::size_t limit);

}  // namespace latchkey
