// SPDX-License-Identifier: GPL-3.0-or-later
// Carries out the steps of a release and of a lock, each in a process of its
// own: they run at the same time, and one that hangs in the kernel costs itself. Only the
// units of systemd share one, which starts (or stops) and watches all of them.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "core/plan/execute.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/config/setup.hpp"
#include "sys/hold/unit_process.hpp"
#include "sys/process/worker.hpp"
#include "sys/storage/disk_watch.hpp"

namespace latchkey {

/// Ends this process's hold on a lock; another process that shares it keeps it.
inline void drop(LockFile& lock) { const LockFile gone = std::move(lock); }

struct ReleaseOptions {
  /// Start the units, or only mark them as released: inside the boot's own
  /// transaction they then start by themselves. Asked for each unit anew.
  std::function<bool()> start_units = [] { return true; };
  bool over_files = false;  ///< mount also where files would be hidden
  /// Called in every process that may be left behind because it hangs: it lets go
  /// of the caller's lock, which such a process would hold for ever. A checker
  /// keeps it: nothing else may touch its file system until it has ended.
  std::function<void()> let_go = [] {};
  /// Nobody waits for the result: units that the boot has yet to start are left to it.
  bool behind_boot = false;
};

/// For CheckFs, MountFs, ReleaseUnit, StopUnit, UnmountFs and CloseVolume; any
/// other action fails with Code::usage. Setup, paths and reporter outlive it.
/// Starts and stops are queued in the order in which they are begun, scripts one behind the
/// other; systemd's own order of units counts before that. Bounds: close five minutes, mount and
/// unmount five in which their disk ends no read and no write; a start as configured; a stop
/// three minutes; a check none (see check_fs), but whoever waits for it is told every minute.
class ReleaseEffects : public Effects {
 public:
  ReleaseEffects(const Setup& setup, const Paths& paths, Reporter& reporter,
                 ReleaseOptions options = {});

  void start(std::size_t index, const Action& action) override;
  Ended wait() override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Running {
    std::size_t step;
    std::string name;
    std::string volume;      ///< whose check it is; empty: no check
    CheckProgress progress;  ///< of a check that told any
    Clock::time_point begun;
    std::optional<Clock::time_point> deadline;
    Worker worker;
    DiskWatch disks{};   ///< while they are at work, the deadline is put off
    std::string hint{};  ///< for one that did not end in time
  };
  using Body = std::function<Result<std::string>(Channel&)>;
  // Of a script, among those that are begun one behind the other.
  struct InLine {
    std::shared_ptr<Fd> before{};  ///< readable (at its end) when it is this one's turn
    std::shared_ptr<Fd> mine{};    ///< to be let go of for the next one
  };

  [[nodiscard]] InLine next_in_line();
  [[nodiscard]] Body body_of(const Action& action);
  [[nodiscard]] std::optional<std::chrono::seconds> bound_of(const Action& action) const;
  [[nodiscard]] DiskWatch disks_of(const Action& action) const;
  [[nodiscard]] std::optional<Ended> hear(std::list<Running>::iterator running);
  [[nodiscard]] std::optional<Ended> look_at_clock();
  void begin_unit(UnitProcess& process, std::size_t index, const Action& action,
                  const std::string& unit);
  [[nodiscard]] bool nothing_runs() const noexcept;
  void let_go_of_others();
  void tell_what_lasts();

  const Setup& setup_;
  const Paths& paths_;
  Reporter& reporter_;
  ReleaseOptions options_;
  std::list<Running> running_{};
  std::list<Ended> ended_{};  ///< to be given next
  UnitProcess starter_;       ///< of units, where systemd runs
  UnitProcess stopper_;       ///< the same
  Clock::time_point told_{};
  Fd baton_{};  ///< of sysvinit: readable (at its end) when the script begun last lets go
};

/// Writes or takes away the release marker of a unit. Fails with Code::io.
[[nodiscard]] Result<> set_marker(const Paths& paths, const std::string& unit, bool released);

}  // namespace latchkey
