// SPDX-License-Identifier: GPL-3.0-or-later
// What a file system checker's exit status means (fsck(8)).
#pragma once

#include <string>

#include "core/result.hpp"

namespace latchkey {

/// Takes the exit status of fsck.TYPE and the volume's name. Gives a word for
/// people (`clean`, `repaired`) when it may be mounted. Fails with
/// Code::damaged (errors left, or the checker asks for a restart), Code::io
/// (checker failed), Code::usage (called wrongly). The status is a bit set:
/// 1 corrected, 2 restart wanted, 4 errors left, 8 operational error, 16 usage,
/// 32 cancelled, 128 library missing.
[[nodiscard]] Result<std::string> judge_fsck(int status, const std::string& volume,
                                             const std::string& device, const std::string& type);

/// The Debian package that brings fsck.TYPE, for the warning when it is absent.
[[nodiscard]] std::string fsck_package(const std::string& type);

}  // namespace latchkey
