// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/cli/program.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

#include "core/base/message.hpp"
#include "core/base/text.hpp"

namespace latchkey {
namespace {

// What CLI11 says of a wrong command line, in our own form.
std::string parse_failure(const CLI::App* app, const CLI::Error& error) {
  std::string why = error.what();
  why.resize(std::min(why.size(), why.find('\n')));
  if (!why.empty()) why[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(why[0])));
  return error_text(app->get_name(),
                    {Code::usage, printable(why), "", "see '" + app->get_name() + " --help'"});
}

}  // namespace

void declare_root(CLI::App& app, Globals& globals) {
  app.add_option("--root", globals.paths.root)->group("");
}

std::optional<int> parse_words(CLI::App& app, const std::vector<std::string>& words) {
  app.failure_message(parse_failure);
  // CLI11 wants the words in reverse.
  std::vector<std::string> reversed(words.rbegin(), words.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    // Its own codes start at 100; --help and --version end here with 0.
    return app.exit(error) == 0 ? 0 : exit_status(Code::usage);
  }
  return {};
}

int run_main(const char* name, const std::function<int()>& program) {
  // Only a bug or a lack of memory comes here as an exception.
  try {
    const int status = program();
    // A disk that is full: whoever reads the file has half of a result.
    const bool lost = std::fflush(stdout) != 0 ? errno != EPIPE : std::ferror(stdout) != 0;
    if (lost && status == 0) {
      std::fprintf(stderr, "%s: error: cannot write the result to standard output\n", name);
      return exit_status(Code::io);
    }
    return status;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: error: not enough memory\n", name);
    return exit_status(Code::memory);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: error: this is a bug in %s: %s\n", name, name, error.what());
    return exit_status(Code::io);
  }
}

}  // namespace latchkey
