// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of a LUKS volume: two disks that show one UUID, of which udev's links lead to either.
#pragma once

#include <optional>
#include <string>

#include "core/config.hpp"
#include "core/result.hpp"
#include "core/volume.hpp"

namespace latchkey {

/// The path of a block device beside the one at `path` whose LUKS header has the same UUID, or
/// nothing. What the device lies on, as the disks of a mirror or the paths of multipath, is no
/// copy. Reads the first bytes of every block device.
[[nodiscard]] std::optional<std::string> copy_of_luks(const std::string& path);

/// That the header which the volume's line leads to is the one in use, for who is about to write
/// to it. Fails with Code::refused, saying `what` cannot be done, where the volume is open from
/// another device; for one that is closed, or of which no copy may be left (`alone`), where its
/// line names the device by a UUID or label that a second one shows. A device that is not there is
/// fine.
[[nodiscard]] Result<> leads_to_its_own_header(const Volume& volume, const std::string& what,
                                               bool alone = false);

/// The same of the keys volume, whether open or not.
[[nodiscard]] Result<> leads_to_its_own_header(const KeysVolume& keys, const std::string& what);

}  // namespace latchkey
