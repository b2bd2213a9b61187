// SPDX-License-Identifier: GPL-3.0-or-later
// The guests that the stories share. Each is made once in a run, waits in early
// boot, and every story begins from the snapshot `early` of it.
#pragma once

#include <memory>

#include "support/machine.hpp"

namespace latchkey::test {

class Guests {
 public:
  /// Four volumes, a database and a web server on two of them, both held.
  Machine& services();
  /// Four small volumes and nothing else: boots faster.
  Machine& plain();

 private:
  // Two at a time is what a small machine can bear: asking for one ends the other.
  std::unique_ptr<Machine> services_{};
  std::unique_ptr<Machine> plain_{};
};

/// The guests of this test program.
[[nodiscard]] Guests& guests();

}  // namespace latchkey::test
