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

#include "core/admission.hpp"
#include "core/execute.hpp"
#include "sys/setup.hpp"
#include "sys/worker.hpp"

namespace latchkey {

class UnlockEffects : public Effects {
 public:
  /// Forks the workers that `plan` needs. A worker that cannot be forked fails
  /// its own step later. `say` is told what people should know beyond the
  /// steps' results. References are kept.
  UnlockEffects(const Setup& setup, const Paths& paths, const Plan& plan, Secret passphrase,
                std::function<void(const std::string&)> say);

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
    std::optional<Clock::time_point> deadline{};
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
  Ended died(Job& job);
  Ended end(Job& job, Result<std::string> result);
  void poll_jobs();

  const Setup& setup_;
  Secret passphrase_;
  std::function<void(const std::string&)> say_;
  Admission admission_;
  std::list<Job> jobs_{};
  std::deque<std::pair<std::size_t, std::string>> opening_{};  // wait for admission
  std::deque<Ended> ended_{};
  std::map<std::string, Error> key_errors_{};
};

}  // namespace latchkey
