// SPDX-License-Identifier: GPL-3.0-or-later
// Small text helpers that several parsers share.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// A word of a line and the column (from 1) where it begins.
struct Field {
  std::string text;
  std::size_t column = 1;
};

/// Takes one line; gives its fields, separated by blanks and tabs. Octal
/// escapes (`\040`) are those of fstab(5). Never fails.
[[nodiscard]] std::vector<Field> split_fields(std::string_view line);

/// Takes a kernel's command line; gives its words as the kernel splits them: blanks inside double
/// quotes do not separate, and the quotes are gone. Those behind `--` are among them.
[[nodiscard]] std::vector<std::string> command_line_words(std::string_view text);

/// Without the byte order mark that some editors and programs put first.
[[nodiscard]] std::string_view without_mark(std::string_view text);

/// Takes a text; gives its lines without their ends (LF or CRLF), and without such a mark.
[[nodiscard]] std::vector<std::string_view> split_lines(std::string_view text);

/// Takes a text and a separator; gives the parts between, empty ones included.
/// An empty text has no part.
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

/// Gives the text without blanks, tabs and line ends at both its ends.
[[nodiscard]] std::string_view trim(std::string_view text);

/// Gives the text with the letters A to Z in small.
[[nodiscard]] std::string lower(std::string_view text);

/// Gives the value of a shell's assignment without the quotes around it; what it computes
/// is not followed.
[[nodiscard]] std::string_view unquoted(std::string_view value);

/// Gives the value of the last line `NAME=VALUE` of a shell's text, without quotes and what
/// follows it; what it computes is not followed.
[[nodiscard]] std::optional<std::string> assigned(std::string_view text, std::string_view name);

/// Gives the text with every `from`, which is not empty, replaced.
[[nodiscard]] std::string replace_all(std::string text, std::string_view from, std::string_view to);

/// Joins parts with a separator between each two.
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);

/// Gives the word of `words` that a mistyped `word` most likely meant, or
/// nothing when none is near (more than a third of the letters differ).
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> words);

/// Gives text from outside as one harmless line: control bytes, escape
/// sequences, invalid UTF-8 and characters that change the direction of
/// writing become `?`, and at most `limit` bytes stay. Whoever prints what a
/// client, a DHCP server or a header said passes it through here first.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 200);

/// Reads a duration such as `90`, `90s`, `10min`, `2h`, `1d` (no unit: seconds;
/// at most 365 days). Gives nothing for any other text.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// Reads a whole non-negative decimal number up to `most`; nothing else.
[[nodiscard]] std::optional<unsigned long> parse_number(std::string_view text, unsigned long most);

/// True for a name LVM would accept for a volume or group: letters, digits and
/// `+_.-`, not beginning with `-`, neither `.` nor `..`, 1 to 127 bytes.
[[nodiscard]] bool valid_lvm_name(std::string_view name);

/// `file:line:column`, the head of every message about a configuration file.
[[nodiscard]] std::string position(std::string_view file, std::size_t line, std::size_t column);

}  // namespace latchkey
