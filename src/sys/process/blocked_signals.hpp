// SPDX-License-Identifier: GPL-3.0-or-later
// Signals that end a program, put off until it has tidied up.
#pragma once

#include <signal.h>

#include <initializer_list>
#include <optional>

namespace latchkey {

/// While one lives, these signals wait, but for those that somebody ignores or handles; at its end
/// they do what they would have done. Only around work of a few seconds: meanwhile nothing but
/// SIGKILL ends us. Where several live, the last made goes first.
class BlockedSignals {
 public:
  explicit BlockedSignals(std::initializer_list<int> ending = {SIGINT, SIGHUP, SIGTERM});
  BlockedSignals(BlockedSignals&& other) noexcept;
  BlockedSignals& operator=(BlockedSignals&&) = delete;
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals();

  /// Those that wait.
  [[nodiscard]] const sigset_t& signals() const noexcept { return held_; }

 private:
  sigset_t held_{};
  std::optional<sigset_t> before_{};
};

/// True when SIGINT, SIGHUP or SIGTERM waits, and will end this program.
[[nodiscard]] bool end_is_asked();

}  // namespace latchkey
