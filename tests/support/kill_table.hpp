// SPDX-License-Identifier: GPL-3.0-or-later
// What is known of a command that was killed between two of its steps, as a table
// for tests/README.md. Texts only: the guests are in vm/kill_story.hpp.
#pragma once

#include <string>
#include <vector>

namespace latchkey::test {

/// One kill of a command.
struct KillRow {
  std::string step{};    ///< the command's own word for the step
  std::string moment{};  ///< "before", "after", "power cut before"
  std::string said{};    ///< what any other command then said of it
  std::string did{};     ///< what the same command did when it was run again
};

/// A text as one cell of a Markdown table: one line, and no bar of its own.
[[nodiscard]] std::string table_cell(const std::string& text);

/// The rows as a Markdown table, with its heading row.
[[nodiscard]] std::string kill_table(const std::vector<KillRow>& rows);

/// A README's text with the part of one command (`command` as its heading, and
/// `table`) put between the two marker comments: in place of the command's old
/// part, or as a new one in the order of the alphabet. Throws when a marker is
/// missing.
[[nodiscard]] std::string with_kill_table(const std::string& readme, const std::string& command,
                                          const std::string& table);

/// Takes what a command printed. Gives it without what differs from run to run:
/// durations, fingerprints, times of day. Trailing blanks go too.
[[nodiscard]] std::string without_chance(const std::string& text);

/// The first line that holds `part`, without what differs from run to run; "" when
/// there is none.
[[nodiscard]] std::string line_with(const std::string& text, const std::string& part);

}  // namespace latchkey::test
