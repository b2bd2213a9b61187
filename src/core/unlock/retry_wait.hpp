// SPDX-License-Identifier: GPL-3.0-or-later
// How long to wait before something is tried again that may hang.
#pragma once

#include <algorithm>
#include <chrono>

namespace latchkey {

/// Each call that hangs in the kernel leaves a process behind that nothing ends: it is repeated
/// at intervals that grow.
class RetryWait {
 public:
  /// The time until the next try, after one that failed; `hung`: since it did not end.
  std::chrono::seconds after(bool hung) {
    wait_ = hung ? std::min(2 * wait_, longest) : shortest;
    return wait_;
  }
  /// It has worked.
  void reset() { wait_ = shortest; }

 private:
  static constexpr std::chrono::seconds shortest{2};
  static constexpr std::chrono::seconds longest{60};
  std::chrono::seconds wait_ = shortest;
};

}  // namespace latchkey
