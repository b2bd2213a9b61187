// SPDX-License-Identifier: GPL-3.0-or-later
// What an interrupted rekey finds written down.
#include "core/rekey_work.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("the slots of an old key are read back as they were written down") {
  Unfinished work;
  CHECK(recorded_slots(work, "old-a").empty());
  work.values = {{"old-a", text_of_slots({0, 3})}, {"old-b", "1"}, {"old-c", "-1 x 99 2"}};
  CHECK(recorded_slots(work, "old-a") == std::vector<int>{0, 3});
  CHECK(recorded_slots(work, "old-b") == std::vector<int>{1});
  CHECK(recorded_slots(work, "old-c") == std::vector<int>{2});
}
