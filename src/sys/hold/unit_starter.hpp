// SPDX-License-Identifier: GPL-3.0-or-later
// Starting many units of systemd at once.
#pragma once

#include <chrono>
#include <list>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sys/hold/unit_batch.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {

/// Starts released units, with what triggers them: sockets, paths and timers first, each
/// only when something would start it at boot; the unit itself when something would, or
/// when nothing triggers it. A template stands for its loaded instances, but for those with a
/// line of their own. Former failures are forgotten first. When systemd does not know a unit it is
/// reloaded, once. Jobs are queued as start_order (queue_order.hpp) has them, else as units were
/// added. When one is up, services that need it and were down for want of it are queued behind
/// it, and told.
class UnitStarter : public UnitBatch {
 public:
  /// `timeout`: how long a unit has, counted from when it was added. `behind_boot`: one that
  /// waits in systemd's queue while the boot goes on counts as done after five seconds. `services`:
  /// all lines; what has one is not released with its template. They outlive this.
  explicit UnitStarter(std::chrono::seconds timeout, bool behind_boot = false,
                       std::span<const Service> services = {})
      : timeout_(timeout), behind_boot_(behind_boot), services_(services) {}

  void add(std::size_t step, const std::string& unit) override;

  /// Ends: with a word for people (`running`), or Code::missing (no such unit),
  /// Code::refused (masked, or a condition is not met), Code::timeout, Code::io (it
  /// failed), whose hint names where to look.
  [[nodiscard]] std::vector<Ended> look() override;

  [[nodiscard]] bool idle() const noexcept override { return added_.empty() && starts_.empty(); }
  [[nodiscard]] std::chrono::milliseconds pause() const noexcept override { return pause_; }

 private:
  using Clock = std::chrono::steady_clock;
  // A unit or trigger that was given a job.
  struct Job {
    std::string name{};
    UnitState before{};
    UnitState up{};  ///< as it was when it was first up, at `since`
    Clock::time_point since{};
    std::string detail{};  ///< not empty: this one is done
  };
  struct Start {
    std::size_t step = 0;
    std::string unit{};
    Clock::time_point begun{};
    std::vector<std::string> names{};     ///< the unit, or its instances
    std::vector<std::string> triggers{};  ///< to be started
    std::vector<std::string> units{};     ///< to be started
    std::string idle = "running";         ///< how it stands when nothing is to be started
    std::vector<Job> jobs{};
  };

  [[nodiscard]] Result<UnitStates> known_by_now(const std::vector<std::string>& names);
  void prepare(std::vector<Ended>& ended);
  void queue(std::vector<Ended>& ended);
  void watch(std::vector<Ended>& ended);
  [[nodiscard]] static std::string told_dependants(const std::vector<Job>& jobs);
  [[nodiscard]] Result<> look_at(Job& job, const Start& start, const UnitState& now) const;

  std::chrono::seconds timeout_;
  bool behind_boot_;
  std::span<const Service> services_;
  std::chrono::milliseconds pause_{0};
  std::list<Start> added_{};
  std::list<Start> starts_{};
  bool reloaded_ = false;
};

}  // namespace latchkey
