// SPDX-License-Identifier: GPL-3.0-or-later
// Editing one line of an owner's file: every other byte stays as it is.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.hpp"

namespace latchkey {

/// Says of a line's fields whether the line is meant. Comments and empty lines are
/// never asked about.
using MeantLine = std::function<bool(const std::vector<Field>&)>;

/// Takes a text, which lines are meant, and what is to stand there, its line end
/// included. Gives the text with the first such line replaced and further ones
/// left out; when there is none, the line comes last.
[[nodiscard]] std::string replace_line(std::string_view text, const MeantLine& meant,
                                       const std::string& line);

/// The text without the lines that are meant.
[[nodiscard]] std::string remove_line(std::string_view text, const MeantLine& meant);

}  // namespace latchkey
