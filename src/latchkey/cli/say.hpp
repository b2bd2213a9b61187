// SPDX-License-Identifier: GPL-3.0-or-later
// What the programs of the running system say: errors and progress to stderr, results to
// stdout.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "latchkey/cli/program.hpp"

namespace latchkey {

/// Writes text to stderr at once, so that several processes may speak.
void to_stderr(std::string_view text);

/// Prints an error with its hint to stderr; gives its exit status.
int report_error(const Error& error);

/// The same as a warning.
void report_warning(const Error& error);

/// A line of progress on stderr, unless --quiet.
void say(const Globals& globals, const std::string& text);

/// A result on stdout. Where it cannot be written, run_main() tells.
void print(std::string_view text);

}  // namespace latchkey
