// SPDX-License-Identifier: GPL-3.0-or-later
// What a file system checker's exit status means (fsck(8)).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// How far a checker is.
struct CheckProgress {
  int pass = 0;     ///< from 1
  int passes = 0;   ///< of all
  int percent = 0;  ///< of this pass, 0 to 100

  bool operator==(const CheckProgress&) const = default;
};

/// What follows `fsck.TYPE` to check without asking: `-p`, and where the checker
/// can, that it tells its progress among its output.
[[nodiscard]] std::vector<std::string> check_arguments(const std::string& type);

/// Takes a line of a checker's output. Gives the progress that it tells, or nothing
/// when it is a line for people. The form is that of e2fsck(8), -C: pass, current,
/// most, device.
[[nodiscard]] std::optional<CheckProgress> parse_check_progress(std::string_view line);

/// `pass 1 of 5, 34 %`.
[[nodiscard]] std::string progress_words(const CheckProgress& progress);

/// True for file systems whose fsck.TYPE does nothing by design: they repair
/// themselves from their journal or tree when they are mounted.
[[nodiscard]] bool checks_itself(const std::string& type);

/// What a person types to have a damaged file system repaired.
[[nodiscard]] std::string repair_command(const std::string& type, const std::string& device);

/// The Debian package that brings fsck.TYPE, for the warning when it is absent.
[[nodiscard]] std::string fsck_package(const std::string& type);

}  // namespace latchkey
