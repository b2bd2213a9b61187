// SPDX-License-Identifier: GPL-3.0-or-later
// What the programs and the package's scripts can say, as it stands in their sources: for
// rules that every message has to keep, also those that no test brings about.
#pragma once

#include <string>
#include <vector>

namespace latchkey::test {

struct SpokenText {
  std::string file{};  ///< below the root of the repository
  std::string text{};  ///< literals that stand side by side are one; a script's line
  std::string next{};  ///< what the source goes on with, at most 80 characters
};

/// Takes the text of a C++ source; gives its string literals, unescaped.
[[nodiscard]] std::vector<SpokenText> literals_in(const std::string& source);

/// All that is said by what lies in `folders` below `root`: the literals of C++ sources, and
/// the lines of any other file that are no comments.
[[nodiscard]] std::vector<SpokenText> spoken_texts(const std::string& root,
                                                   const std::vector<std::string>& folders);

}  // namespace latchkey::test
