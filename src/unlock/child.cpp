// SPDX-License-Identifier: GPL-3.0-or-later
#include "unlock/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sys/base/kmsg.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

constexpr std::chrono::seconds quick_death{5};
constexpr std::chrono::seconds pause_after_it{1};

[[noreturn]] void become(char* const* words, pid_t parent, Capabilities capabilities) {
  // Cleared by fork, kept by exec: it reaches the program and not its children,
  // so that sessions outlive the listener. Asked for before looking whether the
  // parent still lives, or its death in between would go unnoticed.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(0);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  keep_capabilities(capabilities);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDONLY);
  if (null > 0) {
    ::dup2(null, 0);
    ::close(null);
  }
  char* const environment[] = {nullptr};
  ::execve(words[0], words, environment);
  ::_exit(127);
}

}  // namespace

std::vector<std::string> busybox_words(std::vector<std::string> words) {
  const std::string busybox = find_program("busybox");
  words.insert(words.begin(), busybox.empty() ? "/bin/busybox" : busybox);
  return words;
}

Child::Child(Child&& other) noexcept
    : argv_(std::move(other.argv_)),
      capabilities_(other.capabilities_),
      pid_(std::exchange(other.pid_, 0)),
      status_(other.status_),
      started_(other.started_),
      next_(other.next_) {}

Child& Child::operator=(Child&& other) noexcept {
  if (this != &other) {
    stop();
    argv_ = std::move(other.argv_);
    capabilities_ = other.capabilities_;
    pid_ = std::exchange(other.pid_, 0);
    status_ = other.status_;
    started_ = other.started_;
    next_ = other.next_;
  }
  return *this;
}

bool Child::ended() {
  if (pid_ <= 0) return true;
  int status = 0;
  const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
  if (reaped == 0 || (reaped < 0 && errno == EINTR)) return false;
  status_ = reaped > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  pid_ = 0;
  return true;
}

void Child::keep() {
  if (pid_ > 0) {
    if (!ended()) return;
    const auto now = Clock::now();
    next_ = now - started_ < quick_death ? now + pause_after_it : now;
  }
  if (Clock::now() >= next_) start();
}

std::optional<Child::Clock::time_point> Child::due() const {
  if (pid_ > 0) return {};
  return next_;
}

void Child::start() {
  // Made before the fork: no memory is asked for in the child.
  std::vector<char*> words;
  for (std::string& word : argv_) words.push_back(word.data());
  words.push_back(nullptr);
  const pid_t parent = ::getpid();
  started_ = Clock::now();
  pid_ = ::fork();
  if (pid_ == 0) become(words.data(), parent, capabilities_);
  if (pid_ > 0) return;
  kmsg("cannot start " + argv_[0] + ": " + std::strerror(errno), Loudness::warning);
  pid_ = 0;
  next_ = started_ + pause_after_it;
}

void Child::stop() noexcept {
  if (pid_ <= 0) return;
  // KILL, as nothing here may wait: udhcpc, the one that is stopped, holds
  // nothing that would need tidying.
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

}  // namespace latchkey
