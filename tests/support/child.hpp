// SPDX-License-Identifier: GPL-3.0-or-later
// A program that a test talks to.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "sys/base/fd.hpp"

namespace latchkey::test {

/// A running program with its input and output (stdout and stderr together) in
/// the test's hands. Killed when it goes.
class Child {
 public:
  explicit Child(const std::vector<std::string>& argv);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  void write(std::string_view text);
  void close_input();

  /// Reads until the output holds `text` after what was matched before. Throws,
  /// with all output so far, at the deadline or when the program ends first.
  void expect(const std::string& text, std::chrono::seconds deadline = std::chrono::seconds(60));

  /// Reads to the end and waits for the exit status (128 + signal). Throws at
  /// the deadline.
  int wait(std::chrono::seconds deadline = std::chrono::seconds(60));

  /// Everything it printed so far.
  [[nodiscard]] const std::string& output() const { return output_; }

 private:
  bool read_some(std::chrono::steady_clock::time_point deadline);

  pid_t pid_ = -1;
  Fd in_{};
  Fd out_{};
  std::string output_{};
  std::size_t matched_ = 0;
  std::string name_{};
};

/// What a finished program left.
struct Done {
  int status = 0;
  std::string output{};
};

/// Runs a program to its end with a text as its input. Throws at the deadline.
[[nodiscard]] Done run_program(const std::vector<std::string>& argv, std::string_view input = {},
                               std::chrono::seconds deadline = std::chrono::seconds(300));

}  // namespace latchkey::test
