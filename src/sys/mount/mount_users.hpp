// SPDX-License-Identifier: GPL-3.0-or-later
// Who keeps a file system busy.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace latchkey {

/// A process that uses a file system.
struct MountUser {
  pid_t pid = 0;
  std::string command{};  ///< its short name, made printable

  bool operator==(const MountUser&) const = default;
  /// `mariadbd (pid 812)`.
  [[nodiscard]] std::string text() const;
};

/// The processes whose working directory, root, program, open files or mapped
/// files lie on the file system with this device number (st_dev), by pid. Those
/// that end meanwhile are left out. Never asks another file system for anything
/// it does not know already, so a dead network share does not stop it. Takes 10 s at most: a
/// process that keeps the search for longer counts as one that uses it, and is the last.
[[nodiscard]] std::vector<MountUser> users_of(dev_t file_system);

/// The processes that have this block device itself open for writing, by pid: a guest's disk is
/// open so in its emulator. Not the caller, and not what the kernel has in use.
[[nodiscard]] std::vector<MountUser> writers_of(dev_t block_device);

/// One process for each other mount namespace (a container's, a sandboxed
/// service's) that has this block device mounted.
[[nodiscard]] std::vector<MountUser> namespaces_with(dev_t block_device);

/// True where this process has a mount namespace of its own, as a session under a hardened sshd:
/// what it mounts, no service sees.
[[nodiscard]] bool has_own_mounts();

/// True for a block device that the kernel has in use, as a mounted one, also where no process
/// shows it: a mount namespace is kept by an open descriptor alone. `device` is its path.
[[nodiscard]] bool is_claimed(const std::string& device);

/// The processes that keep a file system alive which was unmounted under them (umount -l): those
/// that use the one on this block device, where it is mounted nowhere. None for file systems
/// that give their files another device number, as btrfs does.
[[nodiscard]] std::vector<MountUser> users_of_unmounted(dev_t block_device);

/// At most five of them as words, the rest as a number.
[[nodiscard]] std::string users_text(const std::vector<MountUser>& users);

}  // namespace latchkey
