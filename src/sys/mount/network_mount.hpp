// SPDX-License-Identifier: GPL-3.0-or-later
// Mounts that need the network: systemd is to take them away before it.
#pragma once

#include "core/base/result.hpp"
#include "core/config/volume.hpp"

namespace latchkey {

/// True for a volume whose line says `_netdev`, as in fstab(5), or whose device lies on what
/// comes over the network (iSCSI, NBD, …).
[[nodiscard]] bool needs_network(const Volume& volume);

/// Notes in libmount's table (/run/mount/utab, where systemd looks for what /proc/self/mountinfo
/// does not show) that the volume's mount needs the network. To be called before it is mounted:
/// how systemd orders a mount, it decides when it first sees it. Fails with Code::io, and
/// with Code::timeout when somebody keeps that table for longer than 5 s.
[[nodiscard]] Result<> note_network_mount(const Volume& volume);

/// Takes that note back. Never fails: one that is left says nothing without its mount.
void drop_network_mount(const Volume& volume);

}  // namespace latchkey
