// SPDX-License-Identifier: GPL-3.0-or-later
// Must 7: nobody keeps the owner out by holding connections.
#include "core/unlock/seats.hpp"
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
  CHECK(gone.front().why == "this session is over: its key has 8 others");
}

TEST_CASE("Must 7: of a key's sessions those leave whose network has the most of them") {
  std::vector<Seat> seats{{.id = 1, .account = "alice", .since = start, .address = "192.0.2.1"}};
  for (int i = 2; i < 100; ++i)
    seats.push_back({.id = i, .account = "alice", .since = start, .address = "203.0.113.9"});
  std::vector<int> gone = ids(leaving(seats, start));
  CHECK(gone.size() == 99 - most_sessions_of_a_key);
  CHECK(std::ranges::find(gone, 1) == gone.end());

  for (Seat& seat : seats) seat.address = "2001:db8::" + std::to_string(seat.id);
  seats.front().address = "2001:db8:1::1";  // another /64: the thief's addresses are one network
  gone = ids(leaving(seats, start));
  CHECK(std::ranges::find(gone, 1) == gone.end());
}

TEST_CASE("Must 7: a session whose answer waits its turn leaves after those that only wait") {
  std::vector<Seat> seats;
  for (int i = 1; i <= 9; ++i)
    seats.push_back({.id = i, .account = "alice", .since = start, .address = "192.0.2.1"});
  seats.front().answering = true;
  CHECK(ids(leaving(seats, start)) == std::vector<int>{2});
  // And yet no key has more of them than its bound.
  for (Seat& seat : seats) seat.answering = true;
  CHECK(ids(leaving(seats, start)) == std::vector<int>{1});
  // The newest, which has had no time to send its own.
  seats.back().answering = false;
  CHECK(ids(leaving(seats, start)) == std::vector<int>{1});
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
