// SPDX-License-Identifier: GPL-3.0-or-later
#include <poll.h>
#include <unistd.h>

#include <limits>

#include "core/unlock/retry_wait.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/patient_run.hpp"
#include "sys/process/process.hpp"

using namespace latchkey;
using namespace std::chrono_literals;

TEST_CASE("what is left for poll is rounded up, and never the endless wait of -1") {
  const auto now = std::chrono::steady_clock::now();
  CHECK(poll_ms(now - 2ms) == 0);
  CHECK(poll_ms(now - 24h) == 0);
  CHECK(poll_ms(now + 24h * 365) == std::numeric_limits<int>::max());
  const int left = poll_ms(now + 10min);
  CHECK((left > 590'000 && left <= 600'000));
}

TEST_CASE("a program that ended in time was in time, however late it is looked at") {
  const auto done =
      run({"sh", "-c", "echo one; echo two"}, {.timeout = 1s, .on_line = [](std::string_view line) {
                                                 // As on a machine that stalls: the time is over,
                                                 // and so is the program.
                                                 if (line == "one") ::poll(nullptr, 0, 1200);
                                                 return false;
                                               }});
  REQUIRE(done);
  CHECK(done->status == 0);
  CHECK(done->output == "one\ntwo\n");
}

TEST_CASE("a program that is still there when its time is over is ended") {
  for (const char* script : {"sleep 60", "exec >&- 2>&-; sleep 60", "while :; do echo y; done"}) {
    const auto done = run({"sh", "-c", script}, {.timeout = 1s});
    INFO(script);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == Code::timeout);
  }
}

TEST_CASE("a program that is hopeless is ended before its time is over") {
  RunOptions options{.timeout = std::chrono::seconds(60)};
  int asked = 0;
  options.hopeless = [&] { return ++asked == 1; };
  const auto began = std::chrono::steady_clock::now();
  const auto ran = run({"sleep", "50"}, options);
  REQUIRE_FALSE(ran);
  CHECK(ran.error().code == Code::timeout);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(30));
  options.hopeless = [] { return true; };
  CHECK(run({"true"}, options));
}

// As lvextend, between its suspending a volume and its resuming it.
TEST_CASE("a program that must come to its end does, after its time as well") {
  const test::TempFolder folder;
  const std::string end = folder.file("end");
  const std::string script = "echo begun; sleep 1; echo resumed; echo done >" + end;
  const auto late = run_to_its_end({"/bin/sh", "-c", script}, 100ms);
  REQUIRE(late);
  CHECK_FALSE(*late);
  bool ended = false;
  for (int i = 0; i < 100 && !ended; ++i) {
    ::poll(nullptr, 0, 50);
    const auto said = read_file(end);
    ended = said && *said == "done\n";
  }
  CHECK(ended);

  const auto in_time = run_to_its_end({"/bin/sh", "-c", "echo no room >&2; exit 5"}, 20s);
  REQUIRE(in_time);
  REQUIRE(*in_time);
  CHECK((*in_time)->status == 5);
  CHECK((*in_time)->output == "no room\n");
  CHECK(run_to_its_end({"/no/such/program"}, 20s).error().code == Code::missing);
}

TEST_CASE("who tries again what hangs does so less and less often") {
  RetryWait wait;
  CHECK(wait.after(false) == 2s);
  CHECK(wait.after(true) == 4s);
  CHECK(wait.after(true) == 8s);
  for (int i = 0; i < 10; ++i) CHECK(wait.after(true) <= 60s);
  CHECK(wait.after(true) == 60s);
  wait.reset();
  CHECK(wait.after(true) == 4s);
  CHECK(wait.after(false) == 2s);
}

TEST_CASE("a file is written although one of the same number of process was half written") {
  const test::TempFolder folder;
  const std::string file = folder.file("boots.jsonl");
  REQUIRE(write_file(file + ".new-" + std::to_string(::getpid()), "half", 0600));
  CHECK(write_file(file, "whole", 0600));
  CHECK(read_file(file).value() == "whole");
  CHECK(names_in(folder.path()) == std::vector<std::string>{"boots.jsonl"});
}
