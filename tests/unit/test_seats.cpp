// SPDX-License-Identifier: GPL-3.0-or-later
// Must 7: nobody keeps the owner out by holding connections.
#include "core/seats.hpp"
#include "support/catch.hpp"

using namespace latchkey;
using namespace std::chrono_literals;

namespace {

const Seat::Time start{};

std::vector<int> ids(const std::vector<Leaving>& all) {
  std::vector<int> out;
  for (const Leaving& one : all) out.push_back(one.id);
  return out;
}

}  // namespace

TEST_CASE("Must 7: a key's oldest sessions give way to its newest, and other keys lose none") {
  std::vector<Seat> seats{{.id = 100, .console = true, .account = {}, .since = start},
                          {.id = 101, .account = "bob", .since = start}};
  for (int i = 0; i < 200; ++i)
    seats.push_back({.id = i + 200, .account = "mallory", .since = start});
  seats.push_back({.id = 900, .account = "alice", .since = start});
  const auto gone = leaving(seats, start);
  REQUIRE(gone.size() == 200 - most_sessions_of_a_key);
  CHECK(gone.front().id == 200);
  CHECK(gone.back().id == 391);
  CHECK(gone.front().why == "this session is over: its key has 8 newer ones");
}

TEST_CASE("Must 7: who does not say who it is has ten seconds, and 32 newer ones take its place") {
  std::vector<Seat> seats{{.id = 1, .console = true, .account = {}, .since = start}};
  for (int i = 2; i < 36; ++i) seats.push_back({.id = i, .account = {}, .since = start});
  CHECK(ids(leaving(seats, start + 1s)) == std::vector<int>{2, 3});
  CHECK(leaving(seats, start + 11s).size() == 34);
  seats.erase(seats.begin() + 1, seats.end());
  CHECK(leaving(seats, start + 11s).empty());
}

TEST_CASE("Must 7: a session that was told its result counts no more, and has to hang up") {
  std::vector<Seat> seats;
  for (int i = 1; i < 20; ++i)
    seats.push_back({.id = i, .account = "alice", .since = start, .ended = start});
  CHECK(leaving(seats, start + 1s).empty());
  CHECK(leaving(seats, start + 6s).size() == 19);
}
