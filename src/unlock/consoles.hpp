// SPDX-License-Identifier: GPL-3.0-or-later
// A prompt on every console of the kernel.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <list>
#include <string>
#include <vector>

#include "sys/base/fd.hpp"

namespace latchkey {

/// The processes that show the prompt, one for each console: started, started
/// again when they die, ended with the coordinator.
class Consoles {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes the consoles' names (`ttyS0`) as the kernel lists them.
  explicit Consoles(const std::vector<std::string>& names);
  Consoles(const Consoles&) = delete;
  Consoles& operator=(const Consoles&) = delete;
  /// Kills what still runs.
  ~Consoles();

  /// Starts every console that does not run, but none twice within a second.
  void keep_running();

  /// Adds what poll() is to watch: readable when a console's process has ended.
  void watch(std::vector<pollfd>& into) const;

  /// Waits until all have ended by themselves, or the deadline.
  void wait_until(Clock::time_point deadline);

 private:
  struct Console {
    std::string device;
    pid_t pid = -1;
    Fd handle{};
    Clock::time_point started{};
  };
  static void start(Console& console);
  static void reap(Console& console);

  std::list<Console> consoles_{};
};

/// The terminals of the consoles that the kernel writes to (/sys/class/tty/console/active): see
/// console_names.
[[nodiscard]] std::vector<std::string> active_consoles();

}  // namespace latchkey
