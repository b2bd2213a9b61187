// SPDX-License-Identifier: GPL-3.0-or-later
// What create-volume and adopt share: a volume's place among the others, in the file
// and in the tree of directories.
#pragma once

#include "core/base/result.hpp"
#include "core/plan/plan.hpp"
#include "sys/base/secret.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// The text of the volumes file, or the head of a new one where there is none. Fails
/// with Code::io.
[[nodiscard]] Result<std::string> volumes_text(const Paths& paths);

/// Whether the volumes file can get this volume's line. Fails with Code::refused where it has
/// another volume of the name, whose line would be lost, with Code::config where it is the keys
/// volume, and as place_of_owners_file, parse_volumes and apart_from_keys of what it becomes.
[[nodiscard]] Result<> fits_into_volumes(const Paths& paths, const KeysVolume& keys,
                                         const Volume& volume);

/// Puts the volume's line into the volumes file, in place of an older one.
[[nodiscard]] Result<> write_volume_line(const Paths& paths, const Volume& volume);

/// Fails with Code::busy when something else is mounted there or the mapping is in
/// another use, Code::missing when the mount point lies on a volume that is not mounted,
/// Code::refused when the mount would hide files or the path is unsafe.
/// One that is not there, and the volume's own mount, are fine.
[[nodiscard]] Result<> look_at_mount_point(const Setup& setup, const Volume& volume);

/// Whether nobody writes to the device itself, as a guest to its disk, or who serves it to another
/// machine. Gives whoever only looks at it a few seconds. Fails with Code::busy; one that is not
/// there is fine.
[[nodiscard]] Result<> is_used_by_nobody(const DeviceRef& device, const std::string& what);

/// True when the volume's mapping lies open on its device.
[[nodiscard]] bool is_open(const Setup& setup, const Volume& volume);

/// Opens a configured volume with its key and mounts it, as far as that is not so
/// already. Fails as open_mapping and mount_volume.
[[nodiscard]] Result<> open_and_mount(const Paths& paths, const Volume& volume, const Secret& key);

}  // namespace latchkey
