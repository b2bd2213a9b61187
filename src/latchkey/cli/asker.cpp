// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/cli/asker.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "core/unlock/typed_line.hpp"
#include "core/unlock/wire.hpp"
#include "latchkey/cli/say.hpp"
#include "sys/keys/passphrase.hpp"
#include "sys/unlock/piped.hpp"
#include "sys/unlock/tty.hpp"

namespace latchkey {
namespace {

constexpr std::size_t input_limit = 16 * passphrase_limit;

Error none_came(const std::string& prompt) {
  return {Code::usage, "no " + prompt + " came", "the input has ended",
          "type it on a terminal, pipe it in as a line, or use --passphrase-fd"};
}

Result<Secret> copy(std::span<const char> bytes) {
  Secret secret(typed_limit);  // a line of the input has an end
  if (without_line_end(bytes) > passphrase_limit || !secret.append(bytes)) return too_long_error();
  return secret;
}

}  // namespace

Asker::Asker(std::optional<int> descriptor)
    : fd_(descriptor.value_or(STDIN_FILENO)), interactive_(::isatty(fd_) != 0) {
  // No program that is started is to read it, or to keep it open.
  if (fd_ > STDERR_FILENO) (void)::fcntl(fd_, F_SETFD, FD_CLOEXEC);
}

Result<Secret> Asker::ask(const std::string& prompt) {
  if (interactive_) let_go();
  return taken_again(ask_once(prompt));
}

Result<Secret> Asker::ask_new(const std::string& prompt) {
  if (!interactive_) {
    const auto line = taken_again(ask_once(prompt));
    if (!line) return line.error();
    // What some programs put before all that they pipe; nobody could ever type it.
    const auto bytes = line->reveal();
    const std::string_view text = without_mark(std::string_view(bytes.data(), bytes.size()));
    const auto meant = bytes.last(text.size());
    return copy(meant.first(without_line_end(meant)));
  }
  let_go();
  return taken_again(ask_twice(prompt));
}

void Asker::let_go() {
  if (pause_.let_go && !std::exchange(gone_, true)) pause_.let_go();
}

Result<Secret> Asker::taken_again(Result<Secret> answer) {
  if (!std::exchange(gone_, false) || !answer) return answer;
  if (auto taken = pause_.take_again(); !taken) return taken.error();
  return answer;
}

Result<Secret> Asker::ask_once(const std::string& prompt) {
  auto answer = interactive_ ? from_terminal(prompt) : next_line(prompt);
  if (answer && without_line_end(answer->reveal()) == 0) return none_came(prompt);
  if (!answer && answer.error().what.empty()) return none_came(prompt);
  return answer;
}

Result<Secret> Asker::ask_twice(const std::string& prompt) {
  for (int left = 3; left > 0; --left) {
    const auto first = ask_once(prompt);
    if (!first) return first.error();
    const auto second = ask_once("the same once more");
    if (!second) return second.error();
    Secret meant = taken_back(*first);
    const Secret again = taken_back(*second);
    if (!meant.empty() && std::ranges::equal(meant.reveal(), again.reveal())) return meant;
    Tty(fd_, STDERR_FILENO).line("the two differ; once more from the beginning");
  }
  return Error{Code::refused, "no new passphrase was set", "the two typed ones differed",
               "nothing was changed; run this again"};
}

std::string Asker::question(const std::string& text) const {
  if (!interactive_) return {};
  return Tty(fd_, STDERR_FILENO).question(text);
}

Result<Secret> Asker::from_terminal(const std::string& prompt) const {
  Secret typed(typed_limit);
  if (!ask_unseen(fd_, STDERR_FILENO, prompt, typed)) return Error{Code::usage, ""};
  return copy(typed.reveal().first(without_line_end(typed.reveal())));
}

// Nobody else may have to wait for the other end of a pipe either.
void Asker::line_is_overdue(const std::string& prompt) {
  if (fd_ == STDIN_FILENO) to_stderr(overdue_text(prompt, "latchkey ...") + "\n");
  let_go();
}

Result<Secret> Asker::next_line(const std::string& prompt) {
  Secret input(input_limit);  // a new one: what was answered before is kept no longer
  (void)input.append(input_.reveal().subspan(used_));
  input_ = std::move(input);
  used_ = 0;
  // Each line as it comes: the pipe may stay open for as long as the command runs.
  const auto read = read_piped(
      fd_, input_,
      {.enough = [](auto bytes) { return std::ranges::find(bytes, '\n') != bytes.end(); },
       .overdue = [&] { line_is_overdue(prompt); }});
  if (!read) return read.error();
  const auto all = input_.reveal();
  if (all.empty()) return Error{Code::usage, ""};
  const auto end = std::ranges::find(all, '\n');
  used_ = static_cast<std::size_t>(end - all.begin()) + (end == all.end() ? 0 : 1);
  return copy(all.first(used_));
}

}  // namespace latchkey
