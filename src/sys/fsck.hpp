// SPDX-License-Identifier: GPL-3.0-or-later
// File system checkers, run on the mappings of volumes.
#pragma once

#include <functional>
#include <string>

#include "core/fsck.hpp"
#include "core/result.hpp"
#include "core/volume.hpp"

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

/// Runs fsck.TYPE -p on the mapping of a volume, however long that takes; no
/// time limit, since a large file system may need hours and a killed checker
/// leaves it worse. A checker that is not installed is a warning with its
/// package's name. Fails as judge_fsck does.
[[nodiscard]] Result<Checked> check_fs(const Volume& volume, const Watch& watch);

/// The same on any device, for tests and for check_fs.
[[nodiscard]] Result<Checked> check_device(const std::string& device, const std::string& type,
                                           const std::string& name, const Watch& watch);

}  // namespace latchkey
