// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/admission.hpp"
#include "core/unlock/answers.hpp"
#include "support/catch.hpp"

using namespace latchkey;
using namespace std::chrono_literals;

namespace {
const Answers::Time t0{};
}

TEST_CASE("Must 7: the console's answer goes before all others") {
  Answers answers;
  answers.offer(1, false, "key 1");
  answers.offer(2, true, "console");
  CHECK(answers.next(t0) == 2);
  CHECK(answers.next(t0) == 1);
  CHECK_FALSE(answers.next(t0));
}

TEST_CASE("Must 7: peers take turns however often one of them answers") {
  Answers answers;
  answers.offer(1, false, "key 1");
  CHECK(answers.next(t0) == 1);
  answers.offer(1, false, "key 1");
  answers.offer(2, false, "key 1");
  answers.offer(3, false, "key 2");
  CHECK(answers.next(t0) == 3);
  CHECK(answers.next(t0) == 1);
  CHECK(answers.next(t0) == 2);
}

TEST_CASE("case 27: wrong answers are delayed for their peer, counted, and never fatal") {
  Answers answers;
  for (int i = 1; i <= 10; ++i) CHECK(answers.wrong("key 1", t0).count() == std::min(i, 5));
  CHECK(answers.wrong_total() == 10);
  answers.offer(1, false, "key 1");
  CHECK_FALSE(answers.next(t0 + 4s));
  CHECK(answers.wake() == t0 + 5s);
  answers.offer(2, false, "key 2");  // another peer is not delayed
  CHECK(answers.next(t0 + 4s) == 2);
  CHECK(answers.next(t0 + 5s) == 1);
}

TEST_CASE("a client that went away is not served") {
  Answers answers;
  answers.offer(1, false, "key 1");
  answers.drop(1);
  CHECK_FALSE(answers.next(t0));
  CHECK_FALSE(answers.wake());
}

TEST_CASE("case 32: volumes are opened at once as far as processors and memory go") {
  Admission two_cores(2, 1000);
  CHECK(two_cores.admit(0));
  CHECK(two_cores.admit(0));
  CHECK_FALSE(two_cores.admit(0));
  two_cores.leave(0);
  CHECK(two_cores.admit(0));

  Admission little_memory(8, 1000);
  CHECK(little_memory.admit(600));
  CHECK_FALSE(little_memory.admit(600));
  CHECK(little_memory.admit(300));
  little_memory.leave(600);
  CHECK(little_memory.admit(600));

  Admission none(8, 100);
  CHECK(none.admit(5000));  // alone it may still fit
  CHECK_FALSE(none.admit(1));
}
