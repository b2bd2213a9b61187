// SPDX-License-Identifier: GPL-3.0-or-later
// Mount points as directories: reached without following links, and guarded
// while nothing is mounted on them.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {

/// A mount point, opened.
struct MountPoint {
  Fd parent;         ///< the directory that it lies in
  Fd directory;      ///< itself: the root of what is mounted there, if anything is
  std::string leaf;  ///< its name in `parent`
};

/// Walks to a mount point from the root, one directory at a time, and opens it;
/// with `create`, makes what is missing (0755, root's). Fails with Code::refused
/// when a part is a symbolic link or lies in a directory that another user than
/// root could change (who would then choose what root mounts over), Code::missing
/// (not there), Code::busy (a part is no directory), Code::io.
[[nodiscard]] Result<MountPoint> open_mount_point(const std::string& path, bool create);

/// The mount point that `path`, a plain one below the directory `root` (empty: the machine's own),
/// leads to through the symbolic links in it. What is not there yet stays as it is written, and
/// so does one that leads out of `root`.
[[nodiscard]] std::string without_links(const std::string& root, const std::string& path);

/// True when something is mounted on `path`: false also when it is not there.
[[nodiscard]] bool is_mount_point(const std::string& path);

/// What a mount would hide.
struct Content {
  std::vector<std::string> names{};  ///< the first ones, printable
  std::size_t count = 0;             ///< of all
};

/// Lists an opened directory, up to `most` names. Directories without any file
/// below them are left out: hiding them hides nothing, and mount points within
/// mount points are often such. Fails with Code::io.
[[nodiscard]] Result<Content> list_files(const Fd& directory, std::size_t most);

/// Sets or takes away the immutable flag of an opened directory, so that nothing
/// is written into it by mistake while its volume is not mounted. Gives false
/// where the file system knows no such flag. Fails with Code::io or Code::refused.
[[nodiscard]] Result<bool> set_guard(const Fd& directory, bool on);

/// The same for this directory and those in it that hold no file: the flag of one says nothing
/// of those in it. What is mounted in there is left alone.
[[nodiscard]] Result<bool> guard_with_inner(const Fd& directory, bool on);

/// Guards the mount point `path` below whatever is mounted on it, and the empty directories in
/// it, unless there are files in it; with `create`, makes it when it is missing. Nothing to do is
/// no failure, and neither is a place that every boot uses (see core/mount/mount_place.hpp): that is
/// never guarded. Fails like open_mount_point and set_guard.
[[nodiscard]] Result<> guard_mount_point(const std::string& path, bool create);

/// Takes the guard away. Fails in the same way, also with Code::missing: what is not there may
/// lie on something that is not mounted now, with its guard.
[[nodiscard]] Result<> unguard_mount_point(const std::string& path);

/// True when the directory below whatever is mounted on `path` is immutable.
[[nodiscard]] bool is_guarded(const std::string& path);

}  // namespace latchkey
