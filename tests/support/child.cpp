// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace latchkey::test {

using Clock = std::chrono::steady_clock;

Child::Child(const std::vector<std::string>& argv) : name_(argv.at(0)) {
  std::array<int, 2> to{};
  std::array<int, 2> from{};
  if (::pipe2(to.data(), O_CLOEXEC) != 0 || ::pipe2(from.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("cannot make a pipe");
  std::vector<char*> words;
  for (const std::string& word : argv) {
    name_ += word == argv[0] ? "" : " " + word;
    words.push_back(const_cast<char*>(word.c_str()));
  }
  words.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) {
    ::dup2(to[0], 0);
    ::dup2(from[1], 1);
    ::dup2(from[1], 2);
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
  in_ = Fd(to[1]);
  out_ = Fd(from[0]);
  ::close(to[0]);
  ::close(from[1]);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      in_(std::move(other.in_)),
      out_(std::move(other.out_)),
      output_(std::move(other.output_)),
      matched_(other.matched_),
      name_(std::move(other.name_)) {}

Child::~Child() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Child::write(std::string_view text) {
  // A program that ended does not read: the test is told by its status instead.
  ::signal(SIGPIPE, SIG_IGN);
  (void)write_all(in_.get(), text);
}

void Child::close_input() { in_.reset(); }

bool Child::read_some(Clock::time_point deadline) {
  std::array<char, 4096> buffer{};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  pollfd watched{out_.get(), POLLIN, 0};
  if (::poll(&watched, 1, std::max(0, static_cast<int>(left.count()))) <= 0)
    throw std::runtime_error(name_ + ": no answer in time; it said:\n" + output_);
  const ssize_t got = ::read(out_.get(), buffer.data(), buffer.size());
  if (got <= 0) return false;
  output_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

void Child::expect(const std::string& text, std::chrono::seconds deadline) {
  const auto until = Clock::now() + deadline;
  while (true) {
    const std::size_t at = output_.find(text, matched_);
    if (at != std::string::npos) {
      matched_ = at + text.size();
      return;
    }
    if (!read_some(until))
      throw std::runtime_error(name_ + ": ended before it said '" + text + "'; it said:\n" + output_);
  }
}

int Child::wait(std::chrono::seconds deadline) {
  const auto until = Clock::now() + deadline;
  while (read_some(until)) {
  }
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Done run_program(const std::vector<std::string>& argv, std::string_view input,
                 std::chrono::seconds deadline) {
  Child child(argv);
  child.write(input);
  child.close_input();
  const int status = child.wait(deadline);
  return {status, child.output()};
}

}  // namespace latchkey::test
