// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/ask.hpp"

#include <unistd.h>

#include "support/catch.hpp"
#include "sys/fd.hpp"

using namespace latchkey;

namespace {

// Puts a text where the standard input is, for as long as this lives.
class Piped {
 public:
  explicit Piped(std::string_view text) : before_(::dup(STDIN_FILENO)) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const Fd reader(ends[0]);
    const Fd writer(ends[1]);
    REQUIRE(write_all(writer.get(), text));
    REQUIRE(::dup2(reader.get(), STDIN_FILENO) == STDIN_FILENO);
  }
  Piped(const Piped&) = delete;
  Piped& operator=(const Piped&) = delete;
  ~Piped() { ::dup2(before_.get(), STDIN_FILENO); }

 private:
  Fd before_;
};

Outcome denied_by(bool keys_volume) {
  Outcome outcome;
  outcome.steps.push_back(
      {StepOutcome::Kind::failed, Error{Code::denied, "cannot open", "no key slot", ""}});
  outcome.passphrase_denied = keys_volume;
  return outcome;
}

int attempts(bool keys_volume) {
  const Piped piped("open sesame\n");
  int count = 0;
  const auto outcome = unlock_with_passphrase([&](const Secret&) -> Result<Outcome> {
    ++count;
    return denied_by(keys_volume);
  });
  REQUIRE(outcome);
  CHECK(outcome->status() == exit_status(Code::denied));
  return count;
}

}  // namespace

TEST_CASE("a piped passphrase is tried to the byte only when the keys volume did not take it") {
  CHECK(attempts(true) == 2);
  CHECK(attempts(false) == 1);
}
