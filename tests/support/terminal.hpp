// SPDX-License-Identifier: GPL-3.0-or-later
// A terminal whose person is the test.
#pragma once

#include <fcntl.h>
#include <stdlib.h>

#include "support/catch.hpp"
#include "sys/base/fd.hpp"

namespace latchkey::test {

/// The person's end.
inline Fd new_terminal() {
  Fd terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(terminal);
  REQUIRE(::grantpt(terminal.get()) == 0);
  REQUIRE(::unlockpt(terminal.get()) == 0);
  return terminal;
}

/// The end of a program that is started with it, which is why it has no O_CLOEXEC.
inline Fd other_end(const Fd& terminal) {
  Fd end(::open(::ptsname(terminal.get()), O_RDWR | O_NOCTTY));
  REQUIRE(end);
  return end;
}

}  // namespace latchkey::test
