// SPDX-License-Identifier: GPL-3.0-or-later
// Keeping two runs of the same thing apart.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {

/// The file of the lock that every command takes which changes the set-up.
inline constexpr const char* setup_lock_name = "setup.lock";

/// Held by a release, and by what must not run beside one.
inline constexpr const char* release_lock_name = "release.lock";

/// The descriptor by which this process has the lock of that name, or nothing.
[[nodiscard]] std::optional<int> held_setup_lock();

/// An flock on a file of our own, free again when this goes or the process (and
/// whatever it forked) dies. The file says who took it, for the message of who waits.
class LockFile {
 public:
  /// Takes the lock, waiting up to `wait` for it. `what` is who holds it, for the
  /// message (`a release`), where the file does not tell the very command. Fails with Code::busy
  /// when it is not free in time, naming the program that was left with it when who took it has
  /// died; Code::io when the file cannot be made.
  [[nodiscard]] static Result<LockFile> take(const std::string& path, const std::string& what,
                                             std::chrono::seconds wait);

 private:
  explicit LockFile(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace latchkey
