// SPDX-License-Identifier: GPL-3.0-or-later
// Whose connection to the unlocker has to end, so that no person and no program keeps
// the owner out by holding many of them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace latchkey {

/// One connection: the console's, or an ssh session's.
struct Seat {
  using Time = std::chrono::steady_clock::time_point;

  int id = 0;
  bool console = false;
  /// Whom it counts for, as in Peer::account(); nothing until it has introduced itself.
  std::optional<std::string> account{};
  Time since{};                  ///< when it came
  std::optional<Time> ended{};   ///< when it was told its result
  std::string address{};         ///< of the ssh client, when it is known
  bool answering = false;        ///< its answer waits its turn, or is being tried
};

/// How many sessions one key has at most. The newest of an address stay: an owner whose
/// connections break comes back while the dead ones still count.
inline constexpr std::size_t most_sessions_of_a_key = 8;

struct Leaving {
  int id = 0;
  std::string why{};  ///< for the person at its other end; empty: nobody is to be told

  bool operator==(const Leaving&) const = default;
};

/// Takes the connections in the order in which they came. Gives those that have to end:
/// strangers after ten seconds or when 32 newer ones wait, those that were told their
/// result five seconds ago, and what a key has beyond most_sessions_of_a_key: of the network
/// that has the most of them (who stole the key has not the owner's address), of those first
/// what waits for no answer of its own, then the oldest. The newest of a key stays, and a console
/// always: it is our own process.
[[nodiscard]] std::vector<Leaving> leaving(const std::vector<Seat>& seats, Seat::Time now);

}  // namespace latchkey
