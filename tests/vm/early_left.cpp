// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/early_left.hpp"

#include "support/catch.hpp"

namespace latchkey::test {

void check_nothing_left(Machine& m, const std::string& init) {
  const std::string programs = m.must("cat /run/test-programs");
  INFO(programs);
  CHECK(has(programs, init));
  for (const char* left : {"latchkey-unlock", "latchkey/dropbear", "(deleted)"})
    CHECK_FALSE(has(programs, left));
  CHECK_FALSE(has(m.must("cat /run/test-addresses"), "10.0.2.15"));
  CHECK(m.sh("test -e /run/latchkey/early").status == 1);
}

}  // namespace latchkey::test
