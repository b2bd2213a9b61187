// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/luks/slot_cost.hpp"

#include <algorithm>

namespace latchkey {
namespace {

// Kernel, unpacked image (with MODULES=most), Dropbear and the unlocker.
constexpr std::uint64_t early_boot_kib = 192ULL * 1024;

}  // namespace

SlotMemory slot_memory(std::uint64_t machine_kib, unsigned processors) {
  const std::uint64_t early = machine_kib > early_boot_kib ? machine_kib - early_boot_kib : 0;
  SlotMemory out;
  out.kib = std::clamp(early / 4, least_slot_memory_kib, most_slot_memory_kib);
  out.threads = std::clamp(processors, 1U, 4U);
  out.tight = early < 2 * least_slot_memory_kib;
  return out;
}

}  // namespace latchkey
