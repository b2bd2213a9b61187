// SPDX-License-Identifier: GPL-3.0-or-later
// The process that a UnitBatch works in, as a release or a lock sees it.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/plan/execute.hpp"
#include "sys/hold/unit_batch.hpp"
#include "sys/process/worker.hpp"

namespace latchkey {

class UnitProcess {
 public:
  using Clock = std::chrono::steady_clock;

  struct Settings {
    std::chrono::seconds timeout{};  ///< after which systemd is taken to be gone
    /// In the process: what starts or stops units.
    std::function<std::unique_ptr<UnitBatch>()> batch{};
    /// In the process, for each unit: is it to be given to the batch, or is all done with
    /// this?
    std::function<Result<bool>(const std::string& unit)> prepare{};
  };
  /// A unit that was asked for.
  struct Task {
    std::size_t step;
    std::string name;  ///< of the step, for people
    Clock::time_point begun;
  };

  explicit UnitProcess(Settings settings) : settings_(std::move(settings)) {}

  /// Asks for a unit. The process is made for the first; it begins with `in_child`.
  /// Fails as Worker::fork.
  [[nodiscard]] Result<> begin(Task task, const std::string& unit,
                               const std::function<void()>& in_child);

  /// Readable when there is something to hear; -1 while there is no process.
  [[nodiscard]] int fd() noexcept { return worker_ ? worker_->channel().fd() : -1; }
  /// Hears one answer. When the process has died, that is every unit's end.
  [[nodiscard]] std::list<Ended> hear();
  /// A unit about which systemd has given no answer at all, or nothing.
  [[nodiscard]] std::optional<Ended> overdue();

  [[nodiscard]] const std::list<Task>& under_way() const noexcept { return tasks_; }
  /// In a forked child: lets go of the process, which is a sibling.
  void forget() noexcept;

 private:
  int serve(Channel& channel) const;

  Settings settings_;
  std::optional<Worker> worker_{};
  std::list<Task> tasks_{};
};

}  // namespace latchkey
