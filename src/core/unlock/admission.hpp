// SPDX-License-Identifier: GPL-3.0-or-later
// How many volumes are opened at once.
#pragma once

#include <cstdint>

namespace latchkey {

/// Bounds what runs at once by processors and by memory: memory-hard key slots
/// that do not fit together run one after the other instead of being killed.
class Admission {
 public:
  /// Takes the number of processors and the memory that may be used, in KiB
  /// (0: unknown, then not bounded).
  Admission(unsigned cores, std::uint64_t memory_kib)
      : cores_(cores == 0 ? 1 : cores), memory_kib_(memory_kib) {}

  /// True, and counted, when one more job that needs `kib` may begin. A job that
  /// needs more than there is begins only alone: it may still fit.
  [[nodiscard]] bool admit(std::uint64_t kib) {
    const bool room = memory_kib_ == 0 || used_kib_ + kib <= memory_kib_;
    if (running_ > 0 && (running_ >= cores_ || !room)) return false;
    ++running_;
    used_kib_ += kib;
    return true;
  }

  /// Says that a job that was admitted with `kib` has ended.
  void leave(std::uint64_t kib) {
    --running_;
    used_kib_ -= kib;
  }

 private:
  unsigned cores_;
  std::uint64_t memory_kib_;
  unsigned running_ = 0;
  std::uint64_t used_kib_ = 0;
};

}  // namespace latchkey
