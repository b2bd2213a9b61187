// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/console_names.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("case 24: each terminal has one prompt, also where two consoles are the same one") {
  CHECK(console_names("tty0\n") == Names{"tty1"});
  CHECK(console_names("tty0 ttyS0\n") == Names{"tty1", "ttyS0"});
  CHECK(console_names("tty1 tty0\n") == Names{"tty1"});
  CHECK(console_names("tty0 ttyS0 tty1\n") == Names{"ttyS0", "tty1"});
  CHECK(console_names("tty3  ttyS1\n") == Names{"tty3", "ttyS1"});
  CHECK(console_names("").empty());
  CHECK(console_names("\n").empty());
}
