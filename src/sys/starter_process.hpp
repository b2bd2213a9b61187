// SPDX-License-Identifier: GPL-3.0-or-later
// The process that a UnitStarter works in, as the release sees it.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <optional>
#include <string>

#include "core/execute.hpp"
#include "core/result.hpp"
#include "sys/worker.hpp"

namespace latchkey {

class StarterProcess {
 public:
  using Clock = std::chrono::steady_clock;

  struct Settings {
    std::chrono::seconds timeout{};  ///< what a unit has to start
    std::chrono::seconds grace{};    ///< after which systemd is taken to be gone
    /// In the process, for each unit: is it to be started, or is all done with this?
    std::function<Result<bool>(const std::string& unit)> prepare{};
  };
  /// A start that was asked for.
  struct Start {
    std::size_t step;
    std::string name;  ///< of the step, for people
    Clock::time_point begun;
  };

  explicit StarterProcess(Settings settings) : settings_(std::move(settings)) {}

  /// Asks for a start. The process is made for the first; it begins with `in_child`.
  /// Fails as Worker::fork.
  [[nodiscard]] Result<> start(Start start, const std::string& unit,
                               const std::function<void()>& in_child);

  /// Readable when there is something to hear; -1 while there is no process.
  [[nodiscard]] int fd() noexcept { return worker_ ? worker_->channel().fd() : -1; }
  /// Hears one answer. When the process has died, that is every start's end.
  [[nodiscard]] std::list<Ended> hear();
  /// A start to which systemd has given no answer at all, or nothing.
  [[nodiscard]] std::optional<Ended> overdue();

  [[nodiscard]] const std::list<Start>& under_way() const noexcept { return starts_; }
  /// In a forked child: lets go of the process, which is a sibling.
  void forget() noexcept;

 private:
  int serve(Channel& channel) const;

  Settings settings_;
  std::optional<Worker> worker_{};
  std::list<Start> starts_{};
};

}  // namespace latchkey
