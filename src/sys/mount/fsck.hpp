// SPDX-License-Identifier: GPL-3.0-or-later
// File system checkers, run on the mappings of volumes.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/config/volume.hpp"
#include "core/mount/fsck.hpp"

namespace latchkey {

/// How a check ended that allows the mount.
struct Checked {
  std::string detail{};   ///< `clean`, `repaired`
  std::string warning{};  ///< why it was not checked; empty when it was
};

/// Who follows a check.
struct Watch {
  std::function<void(const std::string&)> line;      ///< each line, when it found something
  std::function<void(const CheckProgress&)> moved;  ///< each time a percent more is done
};

/// Runs fsck.TYPE -p on the mapping of a volume, or as fsck.mode= and fsck.repair= on the
/// kernel's command line say, however long that takes; no
/// time limit, since a large file system may need hours and a killed checker
/// leaves it worse. A checker that is not installed is a warning with its
/// package's name, and so is a file system that others have mounted. What systemd has
/// mounted meanwhile, or is about to, by a line of fstab, was checked by it. Fails as
/// judge_fsck does.
[[nodiscard]] Result<Checked> check_fs(const Volume& volume, const Watch& watch);

/// What check_fs gives instead of a check while other mount namespaces (a container that
/// keeps its mounts to itself) have the block device mounted: a checker refuses that, and
/// the kernel goes on with the file system that it knows. Nothing when none has.
[[nodiscard]] std::optional<Checked> mounted_for_others(dev_t device, const std::string& name);

/// The same while processes keep a file system alive that was unmounted under them.
[[nodiscard]] std::optional<Checked> alive_unmounted(dev_t device, const std::string& name);

/// Waits until `is_so`, as long as `may_come` says that it may; looks again after each
/// `pause`. Gives whether it is.
[[nodiscard]] bool comes_true(const std::function<bool()>& is_so,
                              const std::function<bool()>& may_come,
                              std::chrono::milliseconds pause);

/// The type of the file system on the mapping of a volume: the configured one, or for
/// `auto` what its superblock says; `auto` when that says nothing.
[[nodiscard]] std::string type_of(const Volume& volume);

/// The same as check_fs on any device and with any wish, for tests and for check_fs.
[[nodiscard]] Result<Checked> check_device(const std::string& device, const std::string& type,
                                           const std::string& name, const Watch& watch,
                                           const CheckWish& wish = {});

}  // namespace latchkey
