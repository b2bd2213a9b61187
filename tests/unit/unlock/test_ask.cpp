// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include <string>
#include <vector>

#include "core/unlock/wire.hpp"
#include "support/catch.hpp"
#include "sys/base/fd.hpp"
#include "sys/unlock/ask.hpp"

using namespace latchkey;

namespace {

// Puts a text where the standard input is, for as long as this lives.
class Piped {
 public:
  explicit Piped(std::string_view text, bool stays_open = false) : before_(::dup(STDIN_FILENO)) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const Fd reader(ends[0]);
    writer_ = Fd(ends[1]);
    REQUIRE(write_all(writer_.get(), text));
    REQUIRE(::dup2(reader.get(), STDIN_FILENO) == STDIN_FILENO);
    if (!stays_open) writer_.reset();
  }
  Piped(const Piped&) = delete;
  Piped& operator=(const Piped&) = delete;
  ~Piped() { ::dup2(before_.get(), STDIN_FILENO); }

 private:
  Fd before_;
  Fd writer_{};
};

Outcome denied_by(bool keys_volume) {
  Outcome outcome;
  outcome.steps.push_back(
      {StepOutcome::Kind::failed, Error{Code::denied, "cannot open", "no key slot", ""}});
  outcome.passphrase_denied = keys_volume;
  return outcome;
}

// What was attempted with.
std::vector<std::string> attempts(bool keys_volume, std::string_view input,
                                  bool stays_open = false) {
  const Piped piped(input, stays_open);
  std::vector<std::string> out;
  const auto outcome =
      unlock_with_passphrase("release-services", [&](const Secret& passphrase) -> Result<Outcome> {
        out.emplace_back(passphrase.reveal().data(), passphrase.size());
        return denied_by(keys_volume);
      });
  REQUIRE(outcome);
  CHECK(outcome->status() == exit_status(Code::denied));
  return out;
}

}  // namespace

TEST_CASE("all that was piped is one attempt, whoever denies it") {
  for (const bool keys_volume : {true, false})
    for (const char* input : {"open sesame\n", "open sesame\nuser: alice\n"})
      CHECK(attempts(keys_volume, input) == std::vector<std::string>{input});
}

TEST_CASE("the longest passphrase is taken with the end of its line, and nothing longer") {
  const std::string longest(passphrase_limit, 'x');
  for (const char* end : {"", "\n", "\r\n"})
    CHECK(attempts(true, longest + end) == std::vector<std::string>{longest + end});
  const Piped piped(longest + "xx\n");
  CHECK_FALSE(unlock_with_passphrase("unlock", [](const Secret&) { return denied_by(true); }));
}

TEST_CASE("a piped line is an attempt though its pipe stays open, and so is too much of it") {
  const std::vector<std::string> line{"open sesame\n"};
  CHECK(attempts(true, line[0], true) == line);
  const Piped piped(std::string(passphrase_limit + 3, 'x'), true);
  const auto outcome =
      unlock_with_passphrase("unlock", [](const Secret&) { return denied_by(true); });
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().why == "it is longer than 8192 bytes");
}

TEST_CASE("the last of several tries is one") {
  CHECK(wrong_passphrase_text(2) == "wrong passphrase; 2 more tries");
  CHECK(wrong_passphrase_text(1) == "wrong passphrase; 1 more try");
}
