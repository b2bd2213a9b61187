// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unlock/unlock_effects.hpp"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/luks/open_error.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/memory.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/unlock/unlock_workers.hpp"

namespace latchkey {
namespace {

const std::string activation = " lvm";  // no volume can have this name

unsigned processors() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

// What a job that failed is told to have failed at.
std::string failing(const std::string& job) {
  if (job.empty()) return "cannot read the keys";
  return job == activation ? "cannot help devices up" : "cannot open '" + job + "'";
}

std::vector<std::string> key_files(const Setup& setup) {
  std::vector<std::string> files;
  for (const Volume& volume : setup.volumes) files.push_back(volume.key_file);
  return files;
}

}  // namespace

UnlockEffects::UnlockEffects(const Setup& setup, const Paths& paths, const Plan& plan,
                             Secret passphrase, std::function<void(const std::string&)> say,
                             UnlockWork work)
    : setup_(setup),
      passphrase_(std::move(passphrase)),
      say_(std::move(say)),
      work_(std::move(work)),
      admission_(processors(), available_memory_kib() / 10 * 9) {
  const auto timeout = setup.config.boot.device_timeout;
  for (const Step& step : plan.steps) {
    if (const auto* find = std::get_if<FindDevice>(&step.action)) {
      if (find->volume.empty()) {
        fork_job("", [&](Channel& channel) {
          return work_.keys(channel, setup.config.keys, key_files(setup), timeout);
        });
      } else if (const Volume* volume = find_volume(setup, find->volume)) {
        fork_job(volume->name,
                 [&](Channel& channel) { return work_.volume(channel, *volume, timeout); });
      }
    } else if (const auto* activate = std::get_if<ActivateLvs>(&step.action)) {
      Absent absent{.devices = {}, .keys = setup.config.keys.device};
      for (const std::string& name : activate->names)
        if (auto ref = parse_device_ref(name)) absent.devices.push_back(*ref);
      // The door's directory is there in early boot only.
      const bool early = ::access(paths.run("early/door").c_str(), F_OK) == 0;
      fork_job(activation,
               [&](Channel& channel) { return work_.activation(channel, absent, early, timeout); });
    }
  }
}

void UnlockEffects::fork_job(const std::string& name, const std::function<int(Channel&)>& body) {
  // The child drops the parent's ends of the other workers' channels: a worker
  // whose parent has died is to see the end of its channel.
  auto worker = Worker::fork([&](Channel& channel) {
    for (Job& other : jobs_) other.worker.forget();
    let_go_of_stdio();
    work_.let_go();
    return body(channel);
  });
  if (worker) jobs_.emplace_back(name, std::move(*worker));
}

UnlockEffects::Job* UnlockEffects::job(const std::string& name) {
  const auto found = std::ranges::find(jobs_, name, &Job::name);
  return found == jobs_.end() ? nullptr : &*found;
}

void UnlockEffects::begin(std::size_t index, const std::string& name, char request) {
  Job* const at = job(name);
  if (at == nullptr || !at->worker.channel().send(request)) {
    ended_.push_back({index, Error{Code::io, "cannot work on '" + name + "'",
                                   "its worker process is gone", "try again"}});
    return;
  }
  at->step = index;
  at->request = request;
  at->limit = limit_of(request);
  at->deadline = Clock::now() + at->limit;
}

// No step is without a limit: a disk may hang at any read, and then answers to nothing.
std::chrono::seconds UnlockEffects::limit_of(char request) const {
  const auto& boot = setup_.config.boot;
  if (request == 'R') return work_.limits.keys;
  // It may have to wait for the keys.
  if (request == 'A') return boot.device_timeout + work_.limits.reading + work_.limits.keys;
  return request == 'O' ? boot.open_timeout : boot.device_timeout + work_.limits.reading;
}

void UnlockEffects::start(std::size_t index, const Action& action) {
  if (const auto* find = std::get_if<FindDevice>(&action)) begin(index, find->volume, 'F');
  if (std::holds_alternative<ActivateLvs>(action)) begin(index, activation, 'A');
  if (std::holds_alternative<ReadKeys>(action)) read_keys(index);
  if (const auto* open = std::get_if<OpenVolume>(&action)) {
    const auto failed = key_errors_.find(open->volume);
    if (failed == key_errors_.end()) {
      opening_.emplace_back(index, open->volume);
    } else {
      Error error = failed->second;
      error.why = sentence(error);
      error.what = "cannot open '" + open->volume + "'";
      ended_.push_back({index, std::move(error)});
    }
  }
}

void UnlockEffects::read_keys(std::size_t index) {
  begin(index, "", 'R');
  if (Job* const keys = job("")) keys->worker.channel().send_secret(passphrase_);
  passphrase_.clear();
}

void UnlockEffects::dispatch() {
  while (!opening_.empty()) {
    const auto [index, name] = opening_.front();
    Job* const at = job(name);
    if (at != nullptr && !admission_.admit(at->memory_kib)) return;
    opening_.pop_front();
    begin(index, name, 'O');
    if (at == nullptr) continue;
    if (at->step != index) {  // it died since its device was found
      admission_.leave(at->memory_kib);
      continue;
    }
    at->admitted = true;
    at->worker.channel().send_secret(at->key);
    at->key = Secret();
  }
}

Ended UnlockEffects::end(Job& job, Result<std::string> result) {
  const std::size_t step = *job.step;
  job.step.reset();
  if (job.admitted) admission_.leave(job.memory_kib);
  job.admitted = false;
  return {step, std::move(result)};
}

Ended UnlockEffects::died(Job& job) {
  const int status = job.worker.reap_within(std::chrono::seconds(2)).value_or(0);
  job.worker.forget();
  const std::string what = failing(job.name);
  Error error{Code::io, what, "its worker process ended early", "try again"};
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
    error = {Code::memory, what, "its worker process was killed, most likely for want of memory",
             less_memory_hint()};
  return end(job, error);
}

// A derivation deep in a library does not listen to anything milder than a kill; a read of
// a disk that hangs not even to that.
Ended UnlockEffects::give_up(Job& job) {
  const bool ended = job.worker.end(std::chrono::seconds(1)).has_value();
  Error error{Code::timeout, failing(job.name),
              "it took longer than " + std::to_string(job.limit.count()) + " s",
              "does its disk answer? look at: dmesg"};
  if (!ended) error.why += ", and a read of its disk hangs in the kernel";
  if (ended && job.request == 'O')
    error.hint = "raise open_timeout in [boot] if the machine is that slow";
  return end(job, std::move(error));
}

std::optional<Ended> UnlockEffects::take_message(Job& job) {
  const auto message = job.worker.channel().receive();
  if (!message) return job.step ? std::optional(died(job)) : std::nullopt;
  const std::string& payload = message->payload;
  switch (message->type) {
    case 'S':
      say_(payload);
      return {};
    case 'F':
      job.memory_kib = parse_number(payload, 1UL << 40U).value_or(0);
      break;
    case 'K': {
      const auto index = parse_number(payload, setup_.volumes.size());
      auto key = job.worker.channel().receive_secret(key_limit);
      Job* const to = index && *index < setup_.volumes.size()
                          ? this->job(setup_.volumes[*index].name)
                          : nullptr;
      if (to != nullptr && key) to->key = std::move(*key);
      return {};
    }
    case 'x': {
      const std::size_t end_of_index = payload.find('\n');
      const auto index = parse_number(payload.substr(0, end_of_index), setup_.volumes.size());
      if (index && *index < setup_.volumes.size() && end_of_index != std::string::npos)
        key_errors_[setup_.volumes[*index].name] = unpack_error(payload.substr(end_of_index + 1));
      return {};
    }
    case 'X':
      return end(job, unpack_error(payload));
    default:
      break;
  }
  return end(job, std::string());
}

// With the keys, storage may be started without its lost disks. Without them nothing can be
// opened: a wrong passphrase is told at once, not when every device has been looked for.
// What is ended here has not failed, so the keys' error stays the only one.
void UnlockEffects::keys_ended(bool read) {
  if (read) {
    Job* const helping = job(activation);
    if (helping != nullptr && helping->step) helping->worker.channel().send('k');
    return;
  }
  for (Job& other : jobs_) {
    if (!other.step) continue;
    other.worker.end(std::chrono::milliseconds(200));
    ended_.push_back(end(other, std::string()));
  }
}

void UnlockEffects::poll_jobs() {
  std::vector<pollfd> watched;
  std::vector<Job*> order;
  std::optional<Clock::time_point> first;
  for (Job& at : jobs_) {
    if (!at.step) continue;
    watched.push_back({at.worker.channel().fd(), POLLIN, 0});
    order.push_back(&at);
    if (!first || at.deadline < *first) first = at.deadline;
  }
  const int wait = first ? std::min(poll_ms(*first), 60'000) : -1;
  ::poll(watched.data(), watched.size(), wait);
  for (std::size_t i = 0; i < order.size(); ++i) {
    Job& at = *order[i];
    if (!at.step) continue;  // ended by the end of another
    const char request = at.request;
    const std::size_t so_far = ended_.size();
    if ((watched[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      if (auto ended = take_message(at)) ended_.push_back(std::move(*ended));
    } else if (Clock::now() >= at.deadline) {
      // Only now, when it has nothing to say: on a machine that stalls, it may be done.
      ended_.push_back(give_up(at));
    }
    if (!at.name.empty() || ended_.size() == so_far) continue;
    const bool well = static_cast<bool>(ended_.back().result);
    if (request == 'R' || !well) keys_ended(well);
  }
}

Ended UnlockEffects::wait() {
  dispatch();
  while (ended_.empty()) {
    poll_jobs();
    dispatch();
  }
  Ended next = std::move(ended_.front());
  ended_.pop_front();
  return next;
}

}  // namespace latchkey
