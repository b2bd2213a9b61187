// SPDX-License-Identifier: GPL-3.0-or-later
// What a file system checker's exit status means (fsck(8)).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// Takes the exit status of fsck.TYPE and the volume's name. Gives a word for
/// people (`clean`, `repaired`) when it may be mounted. Fails with
/// Code::damaged (errors left, or the checker asks for a restart), Code::io
/// (checker failed), Code::usage (called wrongly). The status is a bit set:
/// 1 corrected, 2 restart wanted, 4 errors left, 8 operational error, 16 usage,
/// 32 cancelled, 128 library missing.
[[nodiscard]] Result<std::string> judge_fsck(int status, const std::string& volume,
                                             const std::string& device, const std::string& type);

/// True for a status that says of a checker which nobody knows here only that it does not take
/// the arguments of the others: fsck.minix has no `-p`. Its file system is not checked then.
[[nodiscard]] bool takes_no_arguments(int status, const std::string& type);

/// How far a checker is.
struct CheckProgress {
  int pass = 0;     ///< from 1
  int passes = 0;   ///< of all
  int percent = 0;  ///< of this pass, 0 to 100

  bool operator==(const CheckProgress&) const = default;
};

/// What the kernel's command line asks of checks, in the words of systemd-fsck@.service(8).
struct CheckWish {
  bool skip = false;   ///< fsck.mode=skip
  bool force = false;  ///< fsck.mode=force: also what is marked clean
  bool yes = false;    ///< fsck.repair=yes: repair whatever can be, not only what is safe
  bool no = false;     ///< fsck.repair=no: look, and change nothing

  bool operator==(const CheckWish&) const = default;
};

/// Takes the text of /proc/cmdline; of a word that stands there twice the last one counts.
[[nodiscard]] CheckWish check_wish(std::string_view command_line);

/// True when fsck.TYPE can look without changing anything, or never changes anything.
[[nodiscard]] bool can_only_look(const std::string& type);

/// What follows `fsck.TYPE` to check without asking: `-p`, `-y` or `-n`, `-f` where a check can be
/// forced, and where the checker can, that it tells its progress among its output.
[[nodiscard]] std::vector<std::string> check_arguments(const std::string& type,
                                                       const CheckWish& wish);

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
