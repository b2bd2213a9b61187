// SPDX-License-Identifier: GPL-3.0-or-later
// What fstab mounts above the mount point of a volume is there before the volume.
#pragma once

#include <vector>

#include "core/base/result.hpp"
#include "core/mount/mounts_above.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// Those of mounts_above that are not mounted now.
[[nodiscard]] std::vector<MountAbove> missing_above(const Setup& setup, const Paths& paths,
                                                    const Volume& volume);

/// Where systemd runs, has it mount them and waits, for at most 100 seconds: it orders
/// nothing behind what has `nofail`, so a release may come first. Fails with Code::missing
/// when one is not there even then.
[[nodiscard]] Result<> mount_what_is_above(const Setup& setup, const Paths& paths,
                                           const Volume& volume);

}  // namespace latchkey
