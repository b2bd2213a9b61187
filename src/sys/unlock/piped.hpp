// SPDX-License-Identifier: GPL-3.0-or-later
// Passphrases that come through a pipe. Its other end may be a file, a password manager that
// asks its owner first, or a person at a terminal that shows what is typed and has no prompt.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>

#include "core/base/result.hpp"
#include "sys/base/secret.hpp"

namespace latchkey {

/// When nothing whole has come for so long, a person may sit there, unasked.
inline constexpr std::chrono::seconds pipe_patience{1};
/// A whole line is all that comes when nothing follows it for so long: `ssh -T` and a person
/// who types never end the input.
inline constexpr std::chrono::seconds pipe_quiet{2};
/// A text without a line end is all that comes when it stands still for so long: a person sends
/// whole lines, and a program that has written its answer may keep the pipe open for ever.
inline constexpr std::chrono::seconds pipe_still{10};

/// When a piped passphrase is there, and what is done while it is not.
struct PipedEnd {
  /// Whether the bytes so far are enough.
  std::function<bool(std::span<const char>)> enough;
  /// They are it when nothing more has come for so long.
  std::chrono::milliseconds quiet{0};
  /// Other bytes, of which the last is no line end, are it when no more has come for so long.
  std::chrono::milliseconds still = pipe_still;
  /// Called once, when pipe_patience is over and they are not enough.
  std::function<void()> overdue{};
};

/// Reads a pipe, or what else is no terminal, behind what `into` holds: until it holds enough,
/// is full, or the input ends, or what came stands still. Who writes may take as long as it
/// likes before the first byte, and between lines until there is enough.
/// Gives false when the input has ended. Fails with Code::io.
[[nodiscard]] Result<bool> read_piped(int fd, Secret& into, const PipedEnd& end);

/// True when bytes have a line with something in it and its end. Line ends alone are a
/// person who looks whether anybody is there.
[[nodiscard]] bool has_whole_line(std::span<const char> bytes) noexcept;

/// What is said while it is overdue. `prompt` is what would be asked, `command` what to
/// type on a terminal for it to be.
[[nodiscard]] std::string overdue_text(const std::string& prompt, const std::string& command);

}  // namespace latchkey
