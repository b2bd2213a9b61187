// SPDX-License-Identifier: GPL-3.0-or-later
// Whether an image has room in the memory of the machine that boots it.
#pragma once

#include <cstdint>

namespace latchkey {

enum class ImageRoom {
  enough,
  little,  ///< it can be unpacked, and leaves little for what early boot does
  none     ///< the kernel has no memory to unpack it, and panics
};

/// Takes the machine's memory, the size of the image and that of all that is in it, in bytes. The
/// boot loader puts the image into memory, where it stays until the kernel has unpacked it. Memory
/// that is not known (0) is enough.
[[nodiscard]] ImageRoom image_room(std::uint64_t memory, std::uint64_t packed,
                                   std::uint64_t unpacked);

}  // namespace latchkey
