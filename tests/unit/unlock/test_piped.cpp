// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "sys/base/fd.hpp"
#include "sys/unlock/piped.hpp"

using namespace latchkey;
using namespace std::chrono_literals;

namespace {

struct Part {
  std::chrono::milliseconds after;
  std::string text;
};

struct Seen {
  std::string text{};
  bool more = false;
  int overdue = 0;
};

// Reads while another thread writes the parts; the pipe is open until it has been read.
Seen read_parts(const std::vector<Part>& parts, PipedEnd end, bool closes = false) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd reader(ends[0]);
  Fd writer(ends[1]);
  std::thread thread([&] {
    for (const Part& part : parts) {
      std::this_thread::sleep_for(part.after);
      (void)write_all(writer.get(), part.text);
    }
    if (closes) writer.reset();
  });
  Seen seen;
  end.overdue = [&seen] { ++seen.overdue; };
  Secret into(100);
  const auto read = read_piped(reader.get(), into, end);
  thread.join();
  REQUIRE(read);
  seen.more = *read;
  seen.text.assign(into.reveal().data(), into.size());
  return seen;
}

PipedEnd quiet_after_a_line(std::chrono::milliseconds quiet = 700ms) {
  return {.enough = has_whole_line, .quiet = quiet};
}

}  // namespace

TEST_CASE("what stays silent for long before a line is whole is not cut off") {
  // As a password manager that asks its owner first, or a person who types.
  const Seen seen = read_parts({{1200ms, "open "}, {900ms, "sesame\n"}, {50ms, "user: alice"}},
                               quiet_after_a_line());
  CHECK(seen.text == "open sesame\nuser: alice");
  CHECK(seen.more);
  CHECK(seen.overdue == 1);
}

TEST_CASE("a person who presses Enter to see whether anybody is there may still type") {
  const Seen seen =
      read_parts({{0ms, "\n\r\n"}, {300ms, "open sesame\n"}}, quiet_after_a_line(100ms));
  CHECK(seen.text == "\n\r\nopen sesame\n");
  CHECK(seen.overdue == 0);
}

TEST_CASE("a text without a line end that stands still is all that a program writes") {
  PipedEnd end = quiet_after_a_line();
  end.still = 1500ms;
  const Seen seen = read_parts({{0ms, "open "}, {700ms, "sesame"}, {2500ms, "late"}}, end);
  CHECK(seen.text == "open sesame");
  CHECK(seen.more);
  CHECK(seen.overdue == 1);
  // Also where a line is all that is wanted.
  end.enough = [](std::span<const char> bytes) {
    return std::ranges::find(bytes, '\n') != bytes.end();
  };
  end.quiet = 0ms;
  end.still = 300ms;
  CHECK(read_parts({{0ms, "open sesame"}, {1s, "late"}}, end).text == "open sesame");
}

TEST_CASE("a piped text ends with its pipe, with no line end and no silence waited for") {
  PipedEnd end = quiet_after_a_line();
  end.quiet = 1min;
  const auto began = std::chrono::steady_clock::now();
  for (const char* text : {"", "open sesame", "open sesame\nuser: alice\n"}) {
    const Seen seen = read_parts({{0ms, text}}, end, true);
    CHECK(seen.text == text);
    CHECK_FALSE(seen.more);
  }
  CHECK(std::chrono::steady_clock::now() - began < 20s);
}

TEST_CASE("where a line is all that is wanted, what comes later stays in the pipe") {
  const auto line = [](std::span<const char> bytes) {
    return std::ranges::find(bytes, '\n') != bytes.end();
  };
  CHECK(read_parts({{0ms, "one\n"}, {1s, "two\n"}}, {.enough = line}).text == "one\n");
  CHECK(read_parts({{0ms, "\n"}, {1s, "two\n"}}, {.enough = line}).text == "\n");
}

TEST_CASE("more than there is room for ends the reading of a pipe that stays open") {
  CHECK(read_parts({{0ms, std::string(150, 'x')}}, quiet_after_a_line()).text ==
        std::string(100, 'x'));
}

TEST_CASE("a pipe that whoever has it made one that never waits is waited for") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  const Fd reader(ends[0]);
  Fd writer(ends[1]);
  std::thread thread([&writer] {
    std::this_thread::sleep_for(200ms);
    (void)write_all(writer.get(), "open sesame\n");
    writer.reset();
  });
  Secret into(100);
  const auto read = read_piped(reader.get(), into, quiet_after_a_line());
  thread.join();
  REQUIRE(read);
  CHECK_FALSE(*read);
  CHECK(into.size() == 12);
}

TEST_CASE("an overdue passphrase is told with what to type for it to be unseen") {
  CHECK(overdue_text("new passphrase", "release-services") ==
        "latchkey: waiting for the new passphrase on standard input, which is no terminal; to "
        "type it unseen: ssh -t root@server release-services");
}
