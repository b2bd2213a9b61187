// SPDX-License-Identifier: GPL-3.0-or-later
// Stopping many units of systemd at once.
#pragma once

#include <chrono>
#include <list>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "sys/systemd.hpp"
#include "sys/unit_batch.hpp"

namespace latchkey {

/// Stops units and what triggers them, which also ends automatic restarts. A template
/// stands for its loaded instances. Jobs are queued in the order in which units were added.
class UnitStopper : public UnitBatch {
 public:
  /// `timeout`: how long a unit has, counted from when it was added.
  explicit UnitStopper(std::chrono::seconds timeout) : timeout_(timeout) {}

  void add(std::size_t step, const std::string& unit) override;

  /// Ends: with nothing to say, or Code::timeout when it still runs, Code::io.
  [[nodiscard]] std::vector<Ended> look() override;

  [[nodiscard]] bool idle() const noexcept override { return added_.empty() && stops_.empty(); }
  [[nodiscard]] std::chrono::milliseconds pause() const noexcept override { return pause_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Stop {
    std::size_t step = 0;
    std::string unit{};
    Clock::time_point begun{};
    std::vector<std::string> names{};  ///< with what triggers them, which goes first
  };

  void queue(std::vector<Ended>& ended);
  void watch(std::vector<Ended>& ended);

  std::chrono::seconds timeout_;
  std::chrono::milliseconds pause_{0};
  std::list<Stop> added_{};
  std::list<Stop> stops_{};
};

/// Stops one unit, and waits for it; as UnitStopper.
[[nodiscard]] Result<> stop_unit(const std::string& unit, std::chrono::seconds timeout);

}  // namespace latchkey
