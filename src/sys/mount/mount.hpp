// SPDX-License-Identifier: GPL-3.0-or-later
// Mounting and unmounting the file systems of volumes, by libmount.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/plan/facts.hpp"
#include "core/plan/plan.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// Mounts the mapping of `volume` on its mount point, which is made when it is
/// missing and guarded (immutable) below the mount. `over_files` allows what is
/// refused otherwise: a mount point with files in it, which the mount would hide.
/// Then looks whether the right device is mounted at the right place. Fails with
/// Code::refused (unsafe mount point, stray files, a copy of a mounted XFS), Code::busy (something
/// else is mounted there, or it is no directory), Code::damaged (no readable file system),
/// Code::kernel (unknown type), Code::missing, Code::io.
[[nodiscard]] Result<> mount_volume(const Volume& volume, bool over_files);

/// Unmounts it, every layer that is the volume's, and guards the mount point
/// again. Not mounted is fine. Fails with Code::busy, naming who uses it.
[[nodiscard]] Result<> unmount_volume(const Volume& volume);

/// Makes and guards the mount points of all volumes, so that nothing else makes
/// them first and writes into them. Those inside another volume's mount point are
/// left out: they are on that volume. The same with those on what fstab mounts, while that
/// is not there. Before that, follow_volumes. Gives what failed, for warnings.
[[nodiscard]] std::vector<Error> guard_mount_points(const Setup& setup, const Paths& paths);

/// Makes the mount points of all volumes the list of what may be guarded, and takes the guards of
/// places away that the volumes file names no more (see sys/mount/guard_list.hpp). Once more where
/// something was mounted: such a place may lie on it. Gives what failed, for warnings.
[[nodiscard]] std::vector<Error> follow_volumes(const Setup& setup, const Paths& paths);

/// Sets `mounted` of each volume, and `taken` when its mount point or its file
/// system is in another use. Reads the kernel's own list of mounts. What another mount
/// hides, over a directory above it, is not `mounted`.
void probe_mounts(Facts& facts, const Setup& setup);

/// Where the file system on this block device is mounted, the first of several places.
[[nodiscard]] std::optional<std::string> where_mounted(dev_t device);

/// True when the volume's own file system is what its mount point leads to.
[[nodiscard]] bool mounted_in_place(const Volume& volume);

/// What is wrong with the mount options: the first of mount(8)'s own, which a release leaves out,
/// or for want of which it mounts nothing (X-mount.subdir, X-mount.idmap); nothing where all is
/// well.
[[nodiscard]] std::optional<Error> option_without_effect(const Volume& volume);

}  // namespace latchkey
