// SPDX-License-Identifier: GPL-3.0-or-later
// Whose passphrase is tried next. One derivation runs at a time; wrong answers
// are delayed for the peer that gave them and for nobody else.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>

namespace latchkey {

class Answers {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Client `id` has an answer that waits. `peer` is who it counts for: the
  /// console, or one authorized key however many sessions it has.
  void offer(int id, bool console, const std::string& peer);

  /// Client `id` is gone; its answer with it.
  void drop(int id);

  /// True while an answer of client `id` waits for its turn.
  [[nodiscard]] bool waits(int id) const;

  /// Takes out the client whose answer is to be tried now: the console first,
  /// then the peer that was served longest ago. Nothing while all have to wait.
  [[nodiscard]] std::optional<int> next(Time now);

  /// The answer of `peer` was wrong. Gives how long its next one will wait:
  /// one second more each time, at most five.
  std::chrono::seconds wrong(const std::string& peer, Time now);

  /// When next() may have something, or nothing when no answer waits.
  [[nodiscard]] std::optional<Time> wake() const;

  [[nodiscard]] unsigned wrong_total() const { return wrong_total_; }

 private:
  struct Waiting {
    int id;
    bool console;
    std::string peer;
  };
  struct PeerState {
    unsigned wrong = 0;
    Time not_before{};
    std::uint64_t served = 0;  // a counter, not a time: ties cannot happen
  };

  std::list<Waiting> waiting_{};
  std::map<std::string, PeerState> peers_{};
  std::uint64_t serving_ = 0;
  unsigned wrong_total_ = 0;
};

}  // namespace latchkey
