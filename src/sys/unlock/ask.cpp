// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unlock/ask.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/base/message.hpp"
#include "core/unlock/typed_line.hpp"
#include "core/unlock/wire.hpp"
#include "sys/base/fd.hpp"
#include "sys/unlock/piped.hpp"
#include "sys/unlock/tty.hpp"

namespace latchkey {
namespace {

constexpr int tries = 3;
const Error none_came{Code::usage, "cannot unlock", "no passphrase came",
                      "type it on a terminal, or pipe it in: latchkey unlock < file"};

// Not its status: that is the same when a data volume refuses the key that was read.
bool denied(const Result<Outcome>& result) { return result && result->passphrase_denied; }

Result<Secret> copy(std::span<const char> bytes) {
  Secret secret(typed_limit);
  if (!secret.append(bytes)) return too_long_error();
  return secret;
}

Result<Outcome> from_pipe(const std::string& command,
                          const std::function<Result<Outcome>(Secret)>& attempt) {
  Secret typed(typed_limit + 1);  // one more than is taken: so that too much is told
  const auto tell = [&command] {
    (void)write_all(STDERR_FILENO, overdue_text(passphrase_prompt, command) + "\n");
  };
  const auto read = read_piped(STDIN_FILENO, typed,
                               {.enough = has_whole_line, .quiet = pipe_quiet, .overdue = tell});
  if (!read) return read.error();
  if (without_line_end(typed.reveal()) == 0) return none_came;
  if (typed.size() > typed_limit) return too_long_error();
  return attempt(std::move(typed));
}

}  // namespace

std::string wrong_passphrase_text(int left) {
  return "wrong passphrase; " + std::to_string(left) + (left == 1 ? " more try" : " more tries");
}

bool passphrase_can_come() {
  if (::isatty(STDIN_FILENO) != 0) return true;
  struct stat info {};
  if (::fstat(STDIN_FILENO, &info) != 0) return false;
  // systemd gives its units /dev/null, which is a character device.
  return S_ISFIFO(info.st_mode) || S_ISREG(info.st_mode) || S_ISSOCK(info.st_mode);
}

Result<Outcome> unlock_with_passphrase(const std::string& command,
                                       const std::function<Result<Outcome>(Secret)>& attempt) {
  if (::isatty(STDIN_FILENO) == 0) return from_pipe(command, attempt);
  for (int left = tries; left > 0; --left) {
    Secret typed(typed_limit);
    if (!ask_unseen(STDIN_FILENO, STDERR_FILENO, passphrase_prompt, typed)) return none_came;
    auto passphrase = copy(typed.reveal().first(without_line_end(typed.reveal())));
    if (!passphrase) return passphrase.error();
    auto result = attempt(std::move(*passphrase));
    if (!denied(result) || left == 1) return result;
    (void)write_all(STDERR_FILENO, wrong_passphrase_text(left - 1) + "\n");
  }
  return none_came;
}

}  // namespace latchkey
