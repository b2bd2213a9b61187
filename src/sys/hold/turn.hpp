// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

namespace latchkey {

/// The place of one start among several that run beside each other: what it may do at
/// any time comes first, then it waits, has its jobs queued, and lets the next one. One
/// that ends without having passed it on lets the next one too.
struct Turn {
  std::function<void()> wait = [] {};
  std::function<void()> pass = [] {};
};

}  // namespace latchkey
