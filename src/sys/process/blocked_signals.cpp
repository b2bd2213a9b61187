// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/process/blocked_signals.hpp"

#include <utility>

namespace latchkey {

BlockedSignals::BlockedSignals(std::initializer_list<int> ending) {
  sigset_t before;
  sigemptyset(&held_);
  for (const int signal : ending) {
    struct sigaction now {};
    // Under nohup SIGHUP ends nothing, and is not waited for.
    if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_DFL)
      sigaddset(&held_, signal);
  }
  if (::pthread_sigmask(SIG_BLOCK, &held_, &before) == 0) before_ = before;
}

BlockedSignals::BlockedSignals(BlockedSignals&& other) noexcept
    : held_(other.held_), before_(std::exchange(other.before_, std::nullopt)) {}

BlockedSignals::~BlockedSignals() {
  if (before_) ::pthread_sigmask(SIG_SETMASK, &*before_, nullptr);
}

bool end_is_asked() {
  sigset_t waiting;
  if (::sigpending(&waiting) != 0) return false;
  for (const int signal : {SIGINT, SIGHUP, SIGTERM})
    if (sigismember(&waiting, signal) == 1) return true;
  return false;
}

}  // namespace latchkey
