// SPDX-License-Identifier: GPL-3.0-or-later
// What a command of several steps is about to do, written before it does it, so
// that after a power cut between any two steps it is known whose the half-made
// things are and how to go on.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

struct Unfinished {
  std::string command{};  ///< `create-volume`
  std::string name{};     ///< what it works on: a volume's name, `keys`
  std::string begun{};    ///< when, for people
  std::string finish{};   ///< the command line that goes on with it
  std::string undo{};     ///< the one that takes it back; may be empty
  std::string meanwhile{};  ///< what people must know until it is finished; may be empty
  /// What it must still know when it goes on: names, UUIDs, never a secret.
  std::map<std::string, std::string> values{};
  std::vector<std::string> done{};  ///< the steps that are complete, by their names

  [[nodiscard]] bool is_done(std::string_view step) const;
  /// The value, or an empty text.
  [[nodiscard]] std::string value(const std::string& key) const;
  bool operator==(const Unfinished&) const = default;
};

/// As the text of its file (JSON).
[[nodiscard]] std::string encode(const Unfinished& work);

/// Reads it back. Fails with Code::damaged for anything else.
[[nodiscard]] Result<Unfinished> parse_unfinished(std::string_view text);

/// What people are told of it: an Error whose `what`, `why` and `hint` say what is
/// half done, how far it came and what to type.
[[nodiscard]] Error describe_unfinished(const Unfinished& work);

}  // namespace latchkey
