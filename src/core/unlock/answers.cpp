// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/answers.hpp"

#include <algorithm>

namespace latchkey {
namespace {

constexpr unsigned longest_delay = 5;  // seconds: a nuisance to people, an end to guessing

}  // namespace

void Answers::offer(int id, bool console, const std::string& peer) {
  drop(id);
  waiting_.push_back({id, console, peer});
}

void Answers::drop(int id) {
  waiting_.remove_if([&](const Waiting& w) { return w.id == id; });
}

bool Answers::waits(int id) const {
  return std::ranges::find(waiting_, id, &Waiting::id) != waiting_.end();
}

std::optional<int> Answers::next(Time now) {
  auto best = waiting_.end();
  for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
    if (now < peers_[at->peer].not_before) continue;
    const bool better =
        best == waiting_.end() || (at->console && !best->console) ||
        (at->console == best->console && peers_[at->peer].served < peers_[best->peer].served);
    if (better) best = at;
  }
  if (best == waiting_.end()) return {};
  const int id = best->id;
  peers_[best->peer].served = ++serving_;
  waiting_.erase(best);
  return id;
}

std::chrono::seconds Answers::wrong(const std::string& peer, Time now) {
  ++wrong_total_;
  PeerState& state = peers_[peer];
  state.wrong = std::min(state.wrong + 1, longest_delay);
  const std::chrono::seconds delay(state.wrong);
  state.not_before = now + delay;
  return delay;
}

std::optional<Answers::Time> Answers::wake() const {
  std::optional<Time> first;
  for (const Waiting& w : waiting_) {
    const auto found = peers_.find(w.peer);
    const Time at = found == peers_.end() ? Time{} : found->second.not_before;
    if (!first || at < *first) first = at;
  }
  return first;
}

}  // namespace latchkey
