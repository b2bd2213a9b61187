// SPDX-License-Identifier: GPL-3.0-or-later
// One name for the test framework's header, which moved between its versions.
#pragma once

#include <unistd.h>

#ifdef LATCHKEY_CATCH3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

namespace latchkey::test {

/// Says that this test, or the rest of it, cannot prove anything here, for tools/test to
/// count: who calls it returns. Gives false.
inline bool skip(const char* why) {
  WARN("skipped: " << why);
  return false;
}

/// True for root; else says so as skip() does.
inline bool is_root() { return ::geteuid() == 0 || skip("needs root"); }

}  // namespace latchkey::test
