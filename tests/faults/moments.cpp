// SPDX-License-Identifier: GPL-3.0-or-later
#include "faults/moments.hpp"

#include "support/catch.hpp"
#include "support/kill_table.hpp"

using namespace std::chrono_literals;

namespace latchkey::test {

std::string when(const std::string& condition, const std::string& then) {
  return "until " + condition + "; do :; done; " + then;
}

std::string unlock_struck(Machine& m, const std::string& condition, const std::string& blow,
                          const std::string& part) {
  Child blow_later = m.inside_later(when(condition, blow));
  const Done done = m.early("", m.passphrase());
  INFO(done.output);
  CHECK(blow_later.wait() == 0);
  return line_with(done.output, part);
}

std::string the_line(const std::string& output, const std::string& part) {
  INFO(output);
  CHECK(has(output, part));
  return line_with(output, part);
}

std::string says(Machine& m, const std::string& command, const std::string& part,
                 std::optional<int> status) {
  const Done done = m.sh(command);
  INFO(done.output);
  if (status) CHECK(done.status == *status);
  return the_line(done.output, part);
}

std::string early_says(Machine& m, const std::string& part) {
  std::string said;
  wait_until(
      [&] {
        const Done done = m.early("status");
        said = done.output;
        return has(said, part);
      },
      "early ssh answers", 60s);
  return line_with(said, part);
}

}  // namespace latchkey::test
