// SPDX-License-Identifier: GPL-3.0-or-later
// `init` and `import-legacy`: who may unlock.
#pragma once

#include <string>

#include "latchkey/cli/command.hpp"

namespace latchkey {

/// The text for /etc/latchkey/authorized_keys: that of the file which --authorized-keys
/// named, that of an interrupted run, that of the file which is there already, or, on
/// a terminal, the person's own keys after a question.
class WhoMayUnlock {
 public:
  /// `file`: as the option named it; empty: not at all. `known`: what an interrupted
  /// run had found; may be empty.
  WhoMayUnlock(const Globals& globals, std::string file, std::string known);

  /// Finds it where that needs no question. Fails with Code::config when a line cannot
  /// be honoured in early boot or there is no key (each reason is told before),
  /// Code::refused when the file is there and says something else, Code::usage when
  /// there is nobody to ask.
  [[nodiscard]] Result<> find();

  /// Asks the person, when that is left. Fails with Code::refused when they say no,
  /// Code::usage when they have no key.
  [[nodiscard]] Result<> ask();

  /// The text, after both.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  const Globals& globals_;
  std::string file_;
  std::string text_;
};

}  // namespace latchkey
