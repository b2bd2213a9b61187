// SPDX-License-Identifier: GPL-3.0-or-later
// Stopping many units of systemd at once.
#pragma once

#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sys/hold/unit_batch.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {

/// Stops units and what triggers them, which also ends automatic restarts. A template
/// stands for its loaded instances. Jobs are queued as stop_order (queue_order.hpp) has them,
/// else as units were added. What systemd does not know and does not run is stopped already.
class UnitStopper : public UnitBatch {
 public:
  /// `timeout`: how long a unit has, counted from when it was added.
  explicit UnitStopper(std::chrono::seconds timeout) : timeout_(timeout) {}

  void add(std::size_t step, const std::string& unit) override;

  /// Ends: with nothing to say, or Code::timeout when it still runs, Code::busy for a mount that
  /// somebody uses, saying who, Code::io (also: its stop is over and it runs).
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
    std::string stays{};               ///< the one that was up without a job at the last look
  };

  void queue(std::vector<Ended>& ended);
  void watch(std::vector<Ended>& ended);
  [[nodiscard]] std::optional<Error> look_at(Stop& stop, const std::string& name,
                                             const UnitState& now) const;

  std::chrono::seconds timeout_;
  std::chrono::milliseconds pause_{0};
  std::list<Stop> added_{};
  std::list<Stop> stops_{};
};

/// Stops one unit, and waits for it; as UnitStopper.
[[nodiscard]] Result<> stop_unit(const std::string& unit, std::chrono::seconds timeout);

}  // namespace latchkey
