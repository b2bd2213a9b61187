// SPDX-License-Identifier: GPL-3.0-or-later
// What the programs of the running system have in common: their settings, and how they
// read their command line.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sys/config/setup.hpp"

namespace CLI {
class App;
}

namespace latchkey {

/// What every command gets.
struct Globals {
  Paths paths{};
  bool quiet = false;    ///< --quiet: results and errors only
  bool verbose = false;  ///< --verbose: also what is normally not worth a line
};

/// Carries a command out after its options were read; gives the exit status.
using Run = std::function<int()>;

/// Declares the hidden option --root on `app`, for tests.
void declare_root(CLI::App& app, Globals& globals);

/// Reads the words of a command line. Nothing: they are right. Else the exit status, after
/// --help or the error was printed.
[[nodiscard]] std::optional<int> parse_words(CLI::App& app, const std::vector<std::string>& words);

/// Runs a program's main function; a lack of memory and a bug are told of, and give
/// Code::memory and Code::io. `name` is the program's.
[[nodiscard]] int run_main(const char* name, const std::function<int()>& program);

}  // namespace latchkey
