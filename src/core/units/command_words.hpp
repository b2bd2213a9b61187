// SPDX-License-Identifier: GPL-3.0-or-later
// Words of a command that somebody wrote, for cron or for a unit.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/text.hpp"

namespace latchkey {

/// True for `host:/path` and `https://host/path`: not on this machine. A bind (`/a:/b`) has a path
/// before its colon.
[[nodiscard]] inline bool is_remote(std::string_view word) {
  const std::size_t colon = word.find(':');
  return colon != std::string_view::npos && colon > 0 && colon < word.find('/');
}

/// The words of a command, split at blanks.
[[nodiscard]] inline std::vector<std::string> split_words(std::string_view command) {
  std::vector<std::string> words;
  for (Field& field : split_fields(command)) words.push_back(std::move(field.text));
  return words;
}

/// True for a text that asks whether something is mounted.
[[nodiscard]] inline bool asks_for_mounts(std::string_view text) {
  return text.find("mountpoint") != std::string_view::npos ||
         text.find("findmnt") != std::string_view::npos;
}

}  // namespace latchkey
