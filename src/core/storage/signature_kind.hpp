// SPDX-License-Identifier: GPL-3.0-or-later
// What the kinds of signatures say that libblkid finds on a device.
#pragma once

#include <string_view>

namespace latchkey {

/// True when a device with this signature, or these, is one part of other storage that is made of
/// it: a physical volume of LVM, a disk of a RAID. Its beginning may look like the whole.
[[nodiscard]] inline bool is_part_of_storage(std::string_view signature) {
  return signature.find("_member") != std::string_view::npos ||
         signature.find("drbd") != std::string_view::npos;
}

}  // namespace latchkey
