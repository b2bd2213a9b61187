// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/held_signals.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace latchkey {
namespace {

constexpr std::array<int, 3> ending{SIGINT, SIGHUP, SIGTERM};

}  // namespace

HeldSignals::HeldSignals() {
  sigset_t wanted;
  sigset_t before;
  sigemptyset(&wanted);
  for (const int signal : ending) sigaddset(&wanted, signal);
  if (::pthread_sigmask(SIG_BLOCK, &wanted, &before) == 0) before_ = before;
}

HeldSignals::HeldSignals(HeldSignals&& other) noexcept
    : before_(std::exchange(other.before_, std::nullopt)) {}

HeldSignals::~HeldSignals() {
  if (before_) ::pthread_sigmask(SIG_SETMASK, &*before_, nullptr);
}

bool end_is_asked() {
  sigset_t waiting;
  if (::sigpending(&waiting) != 0) return false;
  return std::ranges::any_of(ending, [&](int signal) {
    struct sigaction now {};
    // Under nohup one waits like the others, and ends nothing.
    return sigismember(&waiting, signal) == 1 && ::sigaction(signal, nullptr, &now) == 0 &&
           now.sa_handler != SIG_IGN;
  });
}

}  // namespace latchkey
