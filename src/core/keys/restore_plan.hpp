// SPDX-License-Identifier: GPL-3.0-or-later
// What `latchkey restore` does with each device, decided by what is on it.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/config/unfinished.hpp"
#include "core/keys/backup_format.hpp"

namespace latchkey {

/// What is known of the device where a part belongs.
struct RestoreFact {
  bool present = false;
  bool can_make = false;    ///< it is an LV that is gone, and its volume group is there
  bool partial = false;     ///< it is an LV that LVM lists, and a disk of it is gone
  std::uint64_t size = 0;   ///< bytes of the device
  bool header = false;      ///< it has a LUKS header that can be used
  std::string uuid{};       ///< that header's
  bool opens = false;       ///< what the backup holds opens it: the key, or the passphrase
  bool whole = true;        ///< keys volume: what opens can be mounted and read
  std::string unread{};     ///< why it cannot
  std::string user{};       ///< what lies on the device now; empty: nothing
  bool user_is_ours = false;  ///< that is a mapping made with the header of the backup
  std::string signature{};  ///< everything that libblkid found; may be `crypto_LUKS`
  std::string unseen{};     ///< why libblkid could not look for all; empty: it could
  /// An earlier run of the same restore began to write this part, and did not see it whole.
  bool begun = false;
  /// The administrator said which device it is: nothing on it need tell that it is the part's.
  bool named = false;
  /// The kernel gave it its name, and may have given that to another disk since the backup.
  bool may_change = false;
  /// Keys volume: the one that the configuration names instead of the backup's; empty: none.
  std::string replaced_by{};
  /// named, may_change: why it cannot be the part's device at all; empty: nothing
  std::string others{};
};

enum class RestoreAction {
  nothing,  ///< it is as it should be
  write,    ///< put the part there
  make,     ///< make the logical volume, then put the part there
  missing,  ///< its device is not there
  refuse    ///< something is there that would be lost
};

struct RestoreDecision {
  RestoreAction action = RestoreAction::nothing;
  std::string why{};   ///< for people; empty when there is nothing to explain
  std::string hint{};  ///< what to do about a refusal
};

/// Decides for one part (not for files). `overwrite`: the owner named this part, so
/// that what is there may be lost, and a keys volume be put beside the one in use; it never
/// stretches to a device that is too small or in use. A device that was named must also be as large
/// as the backup says, unless `overwrite`, and belong to nobody else, whatever is said; so must one
/// that has its name of the kernel, and it is written only where something on it tells that it is
/// the part's, or the owner does.
[[nodiscard]] RestoreDecision decide_restore(const BackupPart& part, const RestoreFact& fact,
                                             bool overwrite);

/// What the record of a restore says of a part: that its writing was begun, which stands
/// on the disk before the first byte is written; then that it was seen whole. Only until
/// then may what is there be taken for half of it: later it may hold newer keys. Begun on one
/// device is not begun on another.
void mark_begun(Unfinished& work, const BackupPart& part);
void mark_whole(Unfinished& work, const BackupPart& part);
[[nodiscard]] bool is_begun(const Unfinished& work, const BackupPart& part);
/// True when this restore, or a run of it before, wrote anything.
[[nodiscard]] bool wrote_anything(const Unfinished& work);

/// The error for a part that is missing or refused; for others Code::partial with
/// what is so.
[[nodiscard]] Error restore_error(const BackupPart& part, const RestoreDecision& decision);

}  // namespace latchkey
