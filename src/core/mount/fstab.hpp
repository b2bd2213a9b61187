// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of /etc/fstab and /etc/crypttab that would fight with Latchkey: whatever
// they name is opened and mounted by it, after the boot has begun.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/finding.hpp"
#include "core/config/volume.hpp"

namespace latchkey {

struct HandMount;

/// What is ours: of one volume, under all its names.
struct Claim {
  std::string name{};                  ///< as in messages: `the volume 'mysql'`
  std::string mapping{};               ///< its device-mapper name
  std::string mount_point{};           ///< empty: it has none
  std::vector<std::string> devices{};  ///< paths of the encrypted device
  bool only_opened = false;            ///< a data volume that others use: swap, a database's own
  bool by_system = false;              ///< on `/`, `/usr` or `/var`: the system mounts it
  std::string volume{};                ///< its name in the volumes file; empty: nothing is held
  std::vector<std::string> above{};    ///< paths of devices that lie on it: LVM's, arrays
};

/// The claim of a device with this mapping, and perhaps a mount point. A logical
/// volume is known by both its paths; the UUID of the LUKS header by its path
/// below /dev/disk.
[[nodiscard]] Claim claim(const std::string& name, const DeviceRef& device,
                          const std::string& mapping, const std::string& uuid = "",
                          const std::string& mount_point = "");

/// The claim of a data volume.
[[nodiscard]] Claim claim(const Volume& volume);

/// Gives the path that a path leads to when links are followed, as far as it is there.
/// It makes /dev/dm-3 and /dev/disk/by-id/… known as what they are.
using Resolve = std::function<std::string(const std::string&)>;

/// Takes the text of an fstab; gives a finding for each line that mounts something of
/// ours, something else where ours belongs, or what needs a volume before Latchkey has
/// mounted it: below its mount point, or out of it. An error, since the boot would end
/// without sshd; a warning with `nofail`, or over the network, and for a volume's line with
/// `noauto` alone, which units can ask for. No danger are other lines with `noauto` and no
/// automount, the one for `/` (early boot opened that), with `nofail`
/// those for volumes that are only opened, and those that nothing waits for and that
/// wait for the release, a second mount of a volume among them; but a mount among these that is
/// none of the `held` units is warned of: no lock could close the volume under it. Never fails:
/// what is no line is left to mount(8).
[[nodiscard]] Findings fstab_conflicts(std::string_view text, const std::string& file,
                                       std::span<const Claim> claims, const Resolve& resolve,
                                       std::span<const std::string> held);

/// The same for mounts, automounts and swap areas that are units instead of lines.
[[nodiscard]] Findings mount_unit_conflicts(std::span<const HandMount> units,
                                            std::span<const Claim> claims, const Resolve& resolve,
                                            std::span<const std::string> held);

/// Takes fstab's text; gives an error for each claim on /usr or /var that no line of it
/// mounts: the system would start with what lies below. `/` is mounted without a line.
[[nodiscard]] Findings fstab_lacks(std::string_view text, const std::string& file,
                                   std::span<const Claim> claims);

/// True when there is something at this path.
using IsThere = std::function<bool(const std::string&)>;

/// The same for a crypttab: lines that open a device of ours, or something else
/// under the name of a mapping of ours. An error where systemd would ask for a passphrase and
/// let the boot wait for it; a warning with `nofail`, with a key file that is there, and for
/// `/` and `/usr`, which early boot opened. Those with `noauto` are no danger.
[[nodiscard]] Findings crypttab_conflicts(std::string_view text, const std::string& file,
                                          std::span<const Claim> claims, const Resolve& resolve,
                                          const IsThere& is_there);

}  // namespace latchkey
