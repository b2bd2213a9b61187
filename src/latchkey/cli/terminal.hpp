// SPDX-License-Identifier: GPL-3.0-or-later
// The progress of a plan as people see it, on stderr. Colour only on a terminal, and
// never with NO_COLOR set.
#pragma once

#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/execute.hpp"
#include "latchkey/cli/command.hpp"
#include "latchkey/cli/say.hpp"
#include "latchkey/cli/summary.hpp"

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

  /// What the checks of file systems found, by the volume's name.
  [[nodiscard]] const std::map<std::string, std::string>& details() const noexcept {
    return details_;
  }
  /// The volumes that were opened, or failed to be, in that order.
  [[nodiscard]] const std::vector<VolumeReport>& opened() const noexcept { return opened_; }

 private:
  void remember_opening(const Step& step, const Error* error);
  void draw();
  void clear();

  const Globals& globals_;
  Reasons reasons_{};
  std::map<std::string, std::string> details_{};
  std::map<std::string, std::chrono::steady_clock::time_point> begun_{};
  std::vector<VolumeReport> opened_{};
  std::map<std::string, CheckProgress> checks_{};  ///< that run and told how far they are
  bool redraws_;  ///< stderr is a terminal that a line can be drawn on again
  bool drawn_ = false;
};

/// From now on the work goes on when the connection of who began it ends, or who reads what
/// it prints; Ctrl-C still ends it. For when nothing is asked any more.
void outlive_connection() noexcept;

/// The same for as long as this lives: for work between two questions.
class OutlivesConnection {
 public:
  OutlivesConnection() noexcept;
  OutlivesConnection(const OutlivesConnection&) = delete;
  OutlivesConnection& operator=(const OutlivesConnection&) = delete;
  ~OutlivesConnection();

 private:
  struct sigaction hang_up_ {};
  struct sigaction pipe_ {};
};

/// True when stdout may be coloured.
[[nodiscard]] bool colour_wanted();

}  // namespace latchkey
