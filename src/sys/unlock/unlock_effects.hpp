// SPDX-License-Identifier: GPL-3.0-or-later
// The effects of an unlock: one worker process for the keys volume, one for
// each data volume. Every worker is forked before any key is read and gets the
// one key that it needs, so none holds another's.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/plan/execute.hpp"
#include "core/unlock/admission.hpp"
#include "sys/config/setup.hpp"
#include "sys/process/worker.hpp"
#include "sys/unlock/unlock_workers.hpp"

namespace latchkey {

/// How long the steps of an unlock may take beyond what the configuration says.
struct StepLimits {
  /// Beyond device_timeout, for reading a device that has appeared.
  std::chrono::seconds reading{30};
  /// For the keys: their derivation may take minutes on a slow machine.
  std::chrono::seconds keys{600};
};

/// What the workers do: as unlock_workers.hpp has it.
struct UnlockWork {
  std::function<int(Channel&, const Volume&, std::chrono::seconds)> volume = serve_volume;
  std::function<int(Channel&, const KeysVolume&, const std::vector<std::string>&,
                    std::chrono::seconds)>
      keys = serve_keys;
  std::function<int(Channel&, const Absent&, bool, std::chrono::seconds)> activation =
      serve_activation;
  /// What every worker lets go of first: one that hangs in the kernel holds what it has
  /// inherited until the machine goes down.
  std::function<void()> let_go = [] {};
  StepLimits limits{};
};

class UnlockEffects : public Effects {
 public:
  /// Forks the workers that `plan` needs. A worker that cannot be forked fails
  /// its own step later. `say` is told what people should know beyond the
  /// steps' results. References are kept.
  UnlockEffects(const Setup& setup, const Paths& paths, const Plan& plan, Secret passphrase,
                std::function<void(const std::string&)> say, UnlockWork work = {});

  void start(std::size_t index, const Action& action) override;
  Ended wait() override;

 private:
  using Clock = std::chrono::steady_clock;

  // A volume's worker ("" is the keys volume's, "lvm" the activation's).
  struct Job {
    Job(std::string of, Worker process) : name(std::move(of)), worker(std::move(process)) {}
    std::string name;
    Worker worker;
    std::optional<std::size_t> step{};  // what it is doing now
    char request = 0;                   // and what it was asked for
    std::chrono::seconds limit{0};
    Clock::time_point deadline{};
    std::uint64_t memory_kib = 0;
    bool admitted = false;
    Secret key{};
  };

  void fork_job(const std::string& name, const std::function<int(Channel&)>& body);
  Job* job(const std::string& name);
  void begin(std::size_t index, const std::string& name, char request);
  void read_keys(std::size_t index);
  void dispatch();
  std::optional<Ended> take_message(Job& job);
  [[nodiscard]] std::chrono::seconds limit_of(char request) const;
  Ended died(Job& job);
  Ended give_up(Job& job);
  Ended end(Job& job, Result<std::string> result);
  void keys_ended(bool read);
  void poll_jobs();

  const Setup& setup_;
  Secret passphrase_;
  std::function<void(const std::string&)> say_;
  UnlockWork work_;
  Admission admission_;
  std::list<Job> jobs_{};
  std::deque<std::pair<std::size_t, std::string>> opening_{};  // wait for admission
  std::deque<Ended> ended_{};
  std::map<std::string, Error> key_errors_{};
};

}  // namespace latchkey
