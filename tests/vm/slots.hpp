// SPDX-License-Identifier: GPL-3.0-or-later
// Which passphrases and keys open what, on the running system of the plain guest.
#pragma once

#include <string>

#include "support/machine.hpp"

namespace latchkey::test {

/// The keys volume's device.
inline const std::string keys_device = "/dev/system/encrypted-keys";

/// The passphrase of the keys volume after a rekey.
inline const std::string next_passphrase = "quite another one for rekey";

/// Whether a passphrase opens the keys volume, asked of cryptsetup.
[[nodiscard]] bool opens(Machine& m, const std::string& passphrase);

/// The slots of the keys volume, as `remove-passphrase` lists them.
[[nodiscard]] std::string slots(Machine& m);

/// Runs a command that is killed, in a shell of its own, so that it ends by the signal and
/// not the ssh session.
[[nodiscard]] Done killed(Machine& m, const std::string& command, const std::string& input);

/// Whether the key file of a volume opens it, whatever was interrupted. `lv` is its device
/// where that is not the one that create-volume would make.
[[nodiscard]] bool key_opens(Machine& m, const std::string& volume, const std::string& lv = {});

/// What a former administrator has: keeps the keys volume as it is, for old_copy_opens().
/// /boot is out of sight from then on, so that no image is built.
void keep_a_copy(Machine& m);

/// Whether that copy and the passphrase of then open the volume.
[[nodiscard]] bool old_copy_opens(Machine& m, const std::string& volume);

/// Checks that after a rekey the new keys volume and `next_passphrase` open every volume, and
/// what was kept before opens none.
void check_rekeyed(Machine& m);

}  // namespace latchkey::test
