// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/image_room.hpp"

namespace latchkey {

ImageRoom image_room(std::uint64_t memory, std::uint64_t packed, std::uint64_t unpacked) {
  if (memory == 0) return ImageRoom::enough;
  // What the kernel takes for itself is not counted in it. A guest's memory may be larger at its
  // start than it is now, so what is close is left to its owner.
  const std::uint64_t used = packed + unpacked;
  if (used > memory) return ImageRoom::none;
  return used > memory / 10 * 6 ? ImageRoom::little : ImageRoom::enough;
}

}  // namespace latchkey
