// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/cli/say.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "core/base/message.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

const std::string program = "latchkey";

}  // namespace

void to_stderr(std::string_view text) { (void)write_all(STDERR_FILENO, text); }

int report_error(const Error& error) {
  to_stderr(error_text(program, error));
  return exit_status(error.code);
}

void report_warning(const Error& error) { to_stderr(warning_text(program, error)); }

void say(const Globals& globals, const std::string& text) {
  if (!globals.quiet) to_stderr(program + ": " + text + "\n");
}

void print(std::string_view text) {
  // Of stdio, which keeps in mind that a write failed: see run_main.
  errno = 0;
  const bool whole =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  // Nobody reads on: whoever began it is gone, or has seen enough.
  if (!whole && errno == EPIPE) std::clearerr(stdout);
}

}  // namespace latchkey
