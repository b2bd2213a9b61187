// SPDX-License-Identifier: GPL-3.0-or-later
// All wording that more than one place needs. Messages are lower case, without
// a full stop, with the users' own words in quotes.
#pragma once

#include <string>

#include "core/base/result.hpp"

namespace latchkey {

/// What is asked for, before a colon.
inline constexpr const char* passphrase_prompt = "passphrase of the keys volume";

/// `WHAT: WHY` on one line, without program name and hint.
[[nodiscard]] std::string sentence(const Error& error);

/// The lines a person sees for an error, each ended by a newline:
/// `PROGRAM: error: WHAT: WHY` and, when there is one, `PROGRAM: hint: HINT`.
[[nodiscard]] std::string error_text(const std::string& program, const Error& error);

/// The same as a warning.
[[nodiscard]] std::string warning_text(const std::string& program, const Error& error);

/// A duration for people: `0.4 s`, `12 s`, `3 min 10 s`.
[[nodiscard]] std::string duration_text(double seconds);

/// What to do about the disk of an open volume that fails.
[[nodiscard]] std::string failing_disk_hint();

/// What to look at when a device is not there. Early boot has no LVM command but `lvm`.
[[nodiscard]] std::string missing_disk_hint();

/// What to look at when a disk cannot be read.
[[nodiscard]] std::string unread_disk_hint();

/// The beginning of what to do about what a volume keeps from starting and what cannot be held;
/// a verb follows. `failed` as well: another volume may be missing.
[[nodiscard]] std::string by_hooks();

}  // namespace latchkey
