// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of a LUKS volume: two disks that show one UUID, of which udev's links lead to either.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/base/result.hpp"
#include "core/config/config.hpp"
#include "core/config/volume.hpp"

namespace latchkey {

/// The path of a block device beside the one at `path` whose LUKS header has the same UUID, or
/// nothing. What the device lies on, as the disks of a mirror or the paths of multipath, is no
/// copy. Reads the first bytes of every block device.
[[nodiscard]] std::optional<std::string> copy_of_luks(const std::string& path);

/// The disks with a LUKS header, by their device's number: the path below /dev, and the UUID.
using LuksDisks = std::map<dev_t, std::pair<std::string, std::string>>;

/// Reads the first bytes of every block device; those that hang are left out.
[[nodiscard]] LuksDisks luks_disks();

/// A warning for a device (`whose` it is, in messages; named in `file`) that is named by a UUID or
/// label which a second one of `all` shows, as a snapshot that was attached: each boot opens
/// either.
[[nodiscard]] std::optional<Error> shown_twice(const DeviceRef& device, const LuksDisks& all,
                                               const std::string& whose, const std::string& file);

/// True for one that shown_twice can say anything of.
[[nodiscard]] bool goes_by_uuid_or_label(const DeviceRef& device);

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
