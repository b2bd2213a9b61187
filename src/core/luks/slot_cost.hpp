// SPDX-License-Identifier: GPL-3.0-or-later
// What the key slot of a passphrase may cost.
#pragma once

#include <cstdint>

namespace latchkey {

/// The least memory of an argon2id slot, and the most, in KiB.
inline constexpr std::uint64_t least_slot_memory_kib = 64ULL * 1024;
inline constexpr std::uint64_t most_slot_memory_kib = 1024ULL * 1024;

struct SlotMemory {
  std::uint64_t kib = 0;
  unsigned threads = 1;
  bool tight = false;  ///< the machine is so small that even the least may not fit
};

/// Takes the machine's memory and its processors. Gives what an argon2id slot may
/// use: a quarter of what early boot has, which is the machine's memory less what
/// the kernel and its unpacked image take, so that the volume opens in early boot
/// as it does here.
[[nodiscard]] SlotMemory slot_memory(std::uint64_t machine_kib, unsigned processors);

}  // namespace latchkey
