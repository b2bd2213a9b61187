// SPDX-License-Identifier: GPL-3.0-or-later
// Signals that end a program, put off until it has tidied up.
#pragma once

#include <signal.h>

#include <optional>

namespace latchkey {

/// While one lives, SIGINT, SIGHUP and SIGTERM wait; at its end they do what they would have done.
/// For what takes seconds, since nobody can end us meanwhile but with SIGKILL. Where several live,
/// the last made goes first.
class HeldSignals {
 public:
  HeldSignals();
  HeldSignals(HeldSignals&& other) noexcept;
  HeldSignals& operator=(HeldSignals&&) = delete;
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals();

 private:
  std::optional<sigset_t> before_{};
};

/// True when one of those signals waits that will end this program.
[[nodiscard]] bool end_is_asked();

}  // namespace latchkey
