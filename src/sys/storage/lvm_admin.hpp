// SPDX-License-Identifier: GPL-3.0-or-later
// Making, growing and removing logical volumes, by LVM's own program. One that changes
// something is never killed: what has not ended within two minutes goes on, and is told as
// Code::timeout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/device_ref.hpp"

namespace latchkey {

struct VgInfo {
  std::string name{};
  std::uint64_t size = 0;    ///< bytes
  std::uint64_t free = 0;    ///< bytes
  std::uint64_t extent = 0;  ///< bytes
};

struct LvInfo {
  std::uint64_t size = 0;  ///< bytes
  std::vector<std::string> tags{};
  bool thin = false;  ///< its space comes from a pool, not from the group
};

/// True when the LV carries the tag.
[[nodiscard]] bool has_tag(const LvInfo& lv, const std::string& tag);

/// The volume group. Fails with Code::missing (no such group, with the names of
/// those there are), Code::missing naming the package when lvm is not installed.
[[nodiscard]] Result<VgInfo> find_vg(const std::string& name);

/// The devices that the volume group consists of, as paths; those that are missing are not
/// among them. Fails with Code::io when LVM does not answer.
[[nodiscard]] Result<std::vector<std::string>> devices_of_vg(const std::string& name);

/// The logical volume, or nothing when the group has none of this name. Fails with
/// Code::io when LVM does not answer.
[[nodiscard]] Result<std::optional<LvInfo>> find_lv(const DeviceRef& lv);

/// The groups that have a logical volume of this name. Fails with Code::io when LVM does not
/// answer.
[[nodiscard]] Result<std::vector<std::string>> groups_with_lv(const std::string& name);

/// Makes a logical volume out of free space; old signatures in that space are
/// wiped. `size` is what parse_size takes, or a share: `50%FREE`. The tag comes
/// with the LV itself, so whoever finds it later knows whose it is. `mirrors`: how many
/// disks hold the same beside the first. Fails with Code::refused (no room, a bad size),
/// Code::io.
[[nodiscard]] Result<> create_lv(const DeviceRef& lv, const std::string& size,
                                 const std::string& tag, unsigned mirrors = 0);

/// How many disks a logical volume can lose (see mirrors_like). Fails with Code::io when LVM
/// does not answer.
[[nodiscard]] Result<unsigned> mirrors_of(const DeviceRef& lv);

/// Makes a logical volume at least `bytes` large; one that is so already is left
/// alone. Fails with Code::refused (no room), Code::io.
[[nodiscard]] Result<> grow_lv(const DeviceRef& lv, std::uint64_t bytes);

/// Puts a tag on.
[[nodiscard]] Result<> tag_lv(const DeviceRef& lv, const std::string& tag);

/// Takes a tag off. Not there: fine.
[[nodiscard]] Result<> untag_lv(const DeviceRef& lv, const std::string& tag);

/// The snapshots of a logical volume, by their names in its group.
struct Snapshots {
  std::vector<std::string> classic{};  ///< go when it goes
  std::vector<std::string> thin{};     ///< stay, with what it held
  bool merging = false;                ///< one takes its place, now or when it is activated next
};

/// Fails with Code::io when LVM does not answer.
[[nodiscard]] Result<Snapshots> snapshots_of(const DeviceRef& lv);

/// That what is written to the logical volume is there to stay. `found`: its snapshots. Fails
/// with Code::refused, saying `what` cannot be done, where one of them takes its place.
[[nodiscard]] Result<> is_not_merging(const Snapshots& found, const DeviceRef& lv,
                                      const std::string& what);

/// Removes a logical volume that nothing uses. One that is not there is fine. Fails
/// with Code::busy when something lies on it, Code::io.
[[nodiscard]] Result<> remove_lv(const DeviceRef& lv);

}  // namespace latchkey
