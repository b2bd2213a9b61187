// SPDX-License-Identifier: GPL-3.0-or-later
// A program that is to run as long as its owner does.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "sys/process/privileges.hpp"

namespace latchkey {

/// The words of an applet of busybox, its name first, with the program before them.
[[nodiscard]] std::vector<std::string> busybox_words(std::vector<std::string> words);

/// Keeps one program running. It gets an empty environment, /dev/null as its
/// stdin, our stdout and stderr, no other descriptor of ours, and dies with us,
/// while what it forks does not. Move-only.
class Child {
 public:
  using Clock = std::chrono::steady_clock;

  /// argv[0] is an absolute path. `capabilities`: all that it may keep of ours.
  explicit Child(std::vector<std::string> argv, Capabilities capabilities = ~Capabilities{0})
      : argv_(std::move(argv)), capabilities_(capabilities) {}
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { stop(); }

  /// Sees whether it has ended, and starts it when it is due: at once, but a
  /// second later when it had lived for less than five. To be called after each
  /// SIGCHLD and when due() comes.
  void keep();

  /// For a program that is to run once: true when it has ended, or could not be started.
  [[nodiscard]] bool ended();

  /// The exit status with which it ended last; -1 where it did not, or by a signal.
  [[nodiscard]] int status() const noexcept { return status_; }

  /// When keep() has something to do, unless the program ends before.
  [[nodiscard]] std::optional<Clock::time_point> due() const;

  [[nodiscard]] const std::vector<std::string>& argv() const noexcept { return argv_; }

 private:
  void start();
  void stop() noexcept;

  std::vector<std::string> argv_;
  Capabilities capabilities_;
  pid_t pid_ = 0;
  int status_ = -1;
  Clock::time_point started_{};
  Clock::time_point next_{};
};

}  // namespace latchkey
