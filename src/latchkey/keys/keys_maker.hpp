// SPDX-License-Identifier: GPL-3.0-or-later
// Making a keys volume: what `init` and `rekey` share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config/config.hpp"
#include "core/config/device_ref.hpp"
#include "latchkey/cli/steps.hpp"
#include "sys/base/secret.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/storage/lvm_admin.hpp"

namespace latchkey {

/// What the steps of one run share. The values in `work`: `vg`, `lv` (its name), `size`,
/// `mirrors` (how many disks hold the same beside the first), `uuid` (of the LUKS header),
/// `tag` (that marks the LV as ours).
struct KeysMaker {
  const Globals& globals;
  Unfinished work{};
  /// The new passphrase; held until the file system is made.
  std::optional<Secret> passphrase{};
  std::unique_ptr<WokenLv> woken{};
  /// What the volume is called while its file system is made.
  std::string mapping = KeysVolume().mapping;

  [[nodiscard]] DeviceRef lv() const;
  [[nodiscard]] unsigned mirrors() const;
  [[nodiscard]] KeysVolume volume() const;
};

/// Judges the size that is asked for, the room and the disks in the group. Fails with
/// Code::usage (no size, too small a one), Code::refused (no room; too few disks for the
/// mirrors; an LV of that name which is not ours).
[[nodiscard]] Result<> judge_keys_room(const KeysMaker& run, const VgInfo& vg);

/// The first name for a keys volume's LV that is free in the group `vg`. Fails as find_lv, with
/// Code::refused when 99 are taken.
[[nodiscard]] Result<std::string> free_keys_name(const std::string& vg);

/// Draws `uuid` and `tag`, unless an interrupted run has them.
[[nodiscard]] Result<> name_keys_volume(KeysMaker& run);

/// True when the LV `run.lv()` carries the tag of this work. Fails as find_lv.
[[nodiscard]] Result<bool> lv_is_ours(const KeysMaker& run);

/// Why an LV of this name cannot be taken: what lies on it, and what to do.
[[nodiscard]] Error foreign_lv(const DeviceRef& lv);

/// Proves that early boot reaches a logical volume that was just made for keys, wherever in
/// the group LVM put it. One that lies in an encrypted mapping is removed again, if it
/// holds nothing yet. Fails with Code::refused then, Code::timeout.
[[nodiscard]] Result<> reachable_or_gone(const DeviceRef& lv);

/// The steps `lv`, `format` and `file-system`. `run` outlives them.
[[nodiscard]] std::vector<WorkStep> steps_to_make_keys(KeysMaker& run);

/// Closes the mapping of that name which a killed run left on the device at `path`. Fails with
/// Code::busy when it is in use, or another device's.
[[nodiscard]] Result<> close_leftover(const std::string& mapping, const std::string& path);

/// Takes the tag off and puts the LV to rest. Fails as untag_lv and deactivate_lv.
[[nodiscard]] Result<> finish_keys_lv(KeysMaker& run);

}  // namespace latchkey
