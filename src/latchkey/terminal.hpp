// SPDX-License-Identifier: GPL-3.0-or-later
// What people see. Progress and errors go to stderr, results to stdout; colour
// only on a terminal, and never with NO_COLOR set.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/execute.hpp"
#include "latchkey/command.hpp"
#include "latchkey/summary.hpp"

namespace latchkey {

/// Tells of a plan's progress, a line each, and remembers why something failed.
class TerminalReporter : public Reporter {
 public:
  explicit TerminalReporter(const Globals& globals);
  ~TerminalReporter() override;
  TerminalReporter(const TerminalReporter&) = delete;
  TerminalReporter& operator=(const TerminalReporter&) = delete;

  void started(const Step& step) override;
  void finished(const Step& step, const std::string& detail) override;
  void failed(const Step& step, const Error& error) override;
  void skipped(const Step& step, const std::string& lacking) override;
  void note(const std::string& text) override;
  /// On a terminal, a line that is drawn anew in its place; else nothing: the
  /// journal is told with the notes of each minute.
  void progress(const std::string& volume, const CheckProgress& progress) override;

  /// The first failure of each volume and unit.
  [[nodiscard]] const Reasons& reasons() const noexcept { return reasons_; }

 private:
  void draw();
  void clear();

  const Globals& globals_;
  Reasons reasons_{};
  std::map<std::string, CheckProgress> checks_{};  ///< that run and told how far they are
  bool redraws_;  ///< stderr is a terminal that a line can be drawn on again
  bool drawn_ = false;
};

/// Prints an error with its hint to stderr; gives its exit status.
int report_error(const Error& error);

/// The same as a warning.
void report_warning(const Error& error);

/// A line of progress on stderr, unless --quiet.
void say(const Globals& globals, const std::string& text);

/// A result on stdout.
void print(std::string_view text);

/// True when stdout may be coloured.
[[nodiscard]] bool colour_wanted();

}  // namespace latchkey
