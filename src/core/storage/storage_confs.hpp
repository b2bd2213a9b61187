// SPDX-License-Identifier: GPL-3.0-or-later
// The files by which LVM and mdadm find their disks: whether an image's copy still says what
// this machine's does.
#pragma once

#include <string_view>

namespace latchkey {

/// True when two configuration files say the same, their comments and empty lines aside.
[[nodiscard]] bool same_settings(std::string_view one, std::string_view other);

/// True when LVM with this system.devices (`image`) would use every device that the other one
/// names: LVM writes the names and its marks into it anew by itself. An empty one names none
/// and hides none.
[[nodiscard]] bool same_lvm_devices(std::string_view image, std::string_view host);

/// True when mdadm would find the same arrays by both. Without an ARRAY line mdadm's hook
/// writes a file of its own into images: then nothing is compared. Nor is what only the
/// running system reads.
[[nodiscard]] bool same_arrays(std::string_view image, std::string_view host);

}  // namespace latchkey
