// SPDX-License-Identifier: GPL-3.0-or-later
// Where a command's passphrases come from: the terminal, a pipe, or a descriptor.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "sys/base/secret.hpp"

namespace latchkey {

/// What others wait for while a command holds it: not to be held for as long as a person
/// thinks, or is out for lunch.
struct AskerPause {
  std::function<void()> let_go{};          ///< before a prompt
  std::function<Result<>()> take_again{};  ///< behind it; the answer is lost where it fails
};

/// On a terminal it prompts. Otherwise the passphrases are the lines of the input,
/// one for each question in their order; the last may lack its end of line. No end of the input is
/// waited for behind a line that is whole.
class Asker {
 public:
  /// Takes the number that --passphrase-fd gave, if it did; else standard input.
  explicit Asker(std::optional<int> descriptor = {});

  /// True when a person is asked, who can also be asked again.
  [[nodiscard]] bool interactive() const noexcept { return interactive_; }

  /// Asks once, for one that exists. A piped line comes with its end, which may be part of
  /// it: to be tried with try_forms. Fails with Code::usage when nothing comes, or too much.
  [[nodiscard]] Result<Secret> ask(const std::string& prompt);

  /// Asks for a new one: on a terminal twice, and again while the two differ. Fails
  /// as ask(), and with Code::refused when they still differ the third time.
  [[nodiscard]] Result<Secret> ask_new(const std::string& prompt);

  /// Asks a person a question to be answered with a line. Without a terminal the
  /// answer is empty.
  [[nodiscard]] std::string question(const std::string& text) const;

  /// From here on every prompt to a person, and every wait for a line that does not come soon, is
  /// made without what `pause` lets go of, which lives at least as long as this.
  void let_go_while_asking(AskerPause pause) { pause_ = std::move(pause); }

 private:
  [[nodiscard]] Result<Secret> ask_once(const std::string& prompt);
  [[nodiscard]] Result<Secret> ask_twice(const std::string& prompt);
  [[nodiscard]] Result<Secret> from_terminal(const std::string& prompt) const;
  [[nodiscard]] Result<Secret> next_line(const std::string& prompt);
  void line_is_overdue(const std::string& prompt);
  void let_go();
  [[nodiscard]] Result<Secret> taken_again(Result<Secret> answer);

  int fd_;
  bool interactive_;
  Secret input_{};        // what was piped and read
  std::size_t used_ = 0;  // of it, for the answers so far
  AskerPause pause_{};
  bool gone_ = false;  // what `pause_` lets go of
};

}  // namespace latchkey
