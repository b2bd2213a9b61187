// SPDX-License-Identifier: GPL-3.0-or-later
// How a user names a block device.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace latchkey {

/// A device as the configuration names it.
struct DeviceRef {
  enum class Kind { lv, path, uuid, partuuid, label, partlabel };
  Kind kind = Kind::path;
  std::string vg{};     ///< Kind::lv only
  std::string lv{};     ///< Kind::lv only
  std::string value{};  ///< the path, UUID or label; empty for Kind::lv

  bool operator==(const DeviceRef&) const = default;

  /// The reference as its owner would write it: `VG/LV`, a path, `UUID=…`.
  [[nodiscard]] std::string text() const;

  /// The path under /dev at which udev shows the device. `/dev/mapper/VG-LV`
  /// for an LV, with the hyphens within both names doubled as device-mapper does.
  [[nodiscard]] std::string path() const;

  /// True when it may be an LV: `VG/LV`, `/dev/VG/LV` or a path below /dev/mapper.
  [[nodiscard]] bool may_be_lv() const;

  /// True for a path that the kernel gives out in the order in which it finds disks
  /// (`/dev/sdb1`, `/dev/md0`, by-diskseq): another disk may have it after a reboot.
  [[nodiscard]] bool may_change() const;
};

/// Reads `VG/LV`, `/dev/VG/LV`-like and any other absolute path below /dev,
/// `UUID=`, `PARTUUID=`, `LABEL=`, `PARTLABEL=` (as in fstab; quotes around the
/// value are allowed). Fails with Code::config and a reason for anything else.
/// A path is kept as a path: only `VG/LV` is known to be an LV.
[[nodiscard]] Result<DeviceRef> parse_device_ref(std::string_view text);

/// The device-mapper name of an LV (hyphens doubled).
[[nodiscard]] std::string dm_lv_name(std::string_view vg, std::string_view lv);

/// The LV that has this device-mapper name, as `VG/LV`; nothing for a name that no LV can have.
/// Other mappings may be called so too.
[[nodiscard]] std::optional<DeviceRef> lv_of_dm_name(std::string_view dm_name);

/// True for a device-mapper name that is safe as a file name and an argument:
/// 1 to 127 of letters, digits and `+_.-`, not beginning with `-` or `.`.
[[nodiscard]] bool valid_mapping_name(std::string_view name);

}  // namespace latchkey
