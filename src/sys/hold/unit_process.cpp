// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/unit_process.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

// Messages: a step's number, a line end, and what it is about.
constexpr char wanted = 'b';  // the unit
constexpr char done = 'd';    // the detail
constexpr char failed = 'f';  // the error

// Volumes that were begun together come up close to each other, and asking systemd costs
// nearly the same for one unit and for all: after each a batch waits for the next one, but
// not longer than `in_all`.
constexpr std::chrono::milliseconds next_one(30);
constexpr std::chrono::milliseconds in_all(200);

struct About {
  std::size_t step = 0;
  std::string text{};
};

std::string about(std::size_t step, const std::string& text) {
  return std::to_string(step) + "\n" + text;
}

About read_about(const std::string& payload) {
  const std::size_t line = payload.find('\n');
  if (line == std::string::npos) return {};
  return {parse_number(payload.substr(0, line), ~0UL).value_or(0), payload.substr(line + 1)};
}

bool tell(const Channel& channel, std::size_t step, const Result<std::string>& result) {
  return result ? channel.send(done, about(step, *result))
                : channel.send(failed, about(step, pack(result.error())));
}

}  // namespace

int UnitProcess::serve(Channel& channel) const {
  const auto batch = settings_.batch();
  while (true) {
    pollfd asked{channel.fd(), POLLIN, 0};
    int wait = batch->idle() ? -1 : static_cast<int>(batch->pause().count());
    std::optional<Clock::time_point> first;
    while (::poll(&asked, 1, wait) > 0) {
      const auto now = Clock::now();
      if (!first) first = now;
      wait = now - *first < in_all ? static_cast<int>(next_one.count()) : 0;
      const auto message = channel.receive();
      if (!message) return 0;
      const About unit = read_about(message->payload);
      const auto prepared = settings_.prepare(unit.text);
      if (prepared && *prepared)
        batch->add(unit.step, unit.text);
      else if (!tell(channel, unit.step,
                     prepared ? Result<std::string>(std::string()) : prepared.error()))
        return 1;
    }
    if (batch->idle()) continue;
    for (const Ended& ended : batch->look())
      if (!tell(channel, ended.step, ended.result)) return 1;
  }
}

Result<> UnitProcess::begin(Task task, const std::string& unit,
                            const std::function<void()>& in_child) {
  if (!worker_) {
    auto worker = Worker::fork(
        [&](Channel& channel) {
          in_child();
          return serve(channel);
        },
        WorkerKind::plain);
    if (!worker) return worker.error();
    worker_.emplace(std::move(*worker));
  }
  // A process that is gone is noticed where its answers are waited for.
  (void)worker_->channel().send(wanted, about(task.step, unit));
  tasks_.push_back(std::move(task));
  return Ok{};
}

std::list<Ended> UnitProcess::hear() {
  std::list<Ended> ended;
  const auto message = worker_->channel().receive();
  if (!message) {
    for (const Task& task : tasks_)
      ended.push_back(
          {task.step, Error{Code::io, "cannot " + task.name, "its process died", "see: dmesg"}});
    tasks_.clear();
    worker_.reset();
    return ended;
  }
  const About answer = read_about(message->payload);
  const auto found = std::ranges::find(tasks_, answer.step, &Task::step);
  if (found == tasks_.end()) return ended;  // too late
  ended.push_back({found->step, message->type == failed
                                    ? Result<std::string>(unpack_error(answer.text))
                                    : Result<std::string>(answer.text)});
  tasks_.erase(found);
  return ended;
}

std::optional<Ended> UnitProcess::overdue() {
  const auto late = std::ranges::find_if(
      tasks_, [&](const Task& task) { return Clock::now() - task.begun >= settings_.timeout; });
  if (late == tasks_.end()) return {};
  Ended ended{late->step, Error{Code::timeout, "cannot " + late->name, "systemd does not answer",
                                "run: systemctl status"}};
  tasks_.erase(late);
  return ended;
}

void UnitProcess::forget() noexcept {
  if (worker_) worker_->forget();
}

}  // namespace latchkey
