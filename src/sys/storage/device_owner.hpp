// SPDX-License-Identifier: GPL-3.0-or-later
// Whose a block device is that a person named, where nothing on it tells any more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace latchkey {

/// The bytes of a block device or file; 0 when it cannot be opened.
[[nodiscard]] std::uint64_t device_size(const std::string& path);

/// A device that has an owner: what people call that (`the volume 'mail'`), and its path.
struct OwnedDevice {
  std::string owner;
  std::string path;
};

/// The first of `others` whose device the one at `path` is, or is a part of, or which lies
/// on it, as a logical volume on its disk or the partition of a whole disk. Empty when none
/// does; devices that are not there are passed over.
[[nodiscard]] std::string owner_of(const std::string& path, const std::vector<OwnedDevice>& others);

/// On which device the LUKS header with this UUID is, when that is not the one at `path`, by
/// udev's link. For people; else empty.
[[nodiscard]] std::string header_elsewhere(const std::string& path, const std::string& uuid);

/// Where the LUKS volume with this UUID is, when that is not on the block device at `path`: its
/// header is on another device, or its mapping lies on one. For people; else empty.
[[nodiscard]] std::string found_elsewhere(const std::string& path, const std::string& uuid);

}  // namespace latchkey
