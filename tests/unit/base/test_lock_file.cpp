// SPDX-License-Identifier: GPL-3.0-or-later
// Who waits for a lock is told who has it.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/process/process.hpp"

using namespace latchkey;

namespace {

void make_fifo(const std::string& path) { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }

// A process takes the lock and is killed while a program runs that it has started: that goes on.
void leave_program(const test::TempFolder& folder, bool keeps_lock) {
  make_fifo(folder.file("begun"));
  make_fifo(folder.file("go"));
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto lock = LockFile::take(folder.file(setup_lock_name), "", std::chrono::seconds(0));
    const std::string script = "echo >" + folder.file("begun") + "; read x <" + folder.file("go");
    if (lock) (void)run({"/bin/sh", "-c", script}, {.keeps_lock = keeps_lock});
    ::_exit(0);
  }
  std::string line;
  std::getline(std::ifstream(folder.file("begun")), line);
  REQUIRE(::kill(pid, SIGKILL) == 0);
  REQUIRE(::waitpid(pid, nullptr, 0) == pid);
}

}  // namespace

TEST_CASE("a program that outlives who started it keeps the lock where it is to, and is named") {
  for (const bool keeps_lock : {true, false}) {
    const test::TempFolder folder;
    const auto take = [&](int seconds) {
      return LockFile::take(folder.file(setup_lock_name), "a command that changes the set-up",
                            std::chrono::seconds(seconds));
    };
    leave_program(folder, keeps_lock);
    const auto beside = take(0);
    CHECK(static_cast<bool>(beside) == !keeps_lock);
    if (!beside) {
      INFO(beside.error().why);
      CHECK(beside.error().code == Code::busy);
      CHECK(beside.error().why.starts_with(
          "a command that changes the set-up is under way already; still at work: 'sh -c"));
    }
    std::ofstream(folder.file("go")) << "\n";
    if (keeps_lock) CHECK(take(60));
  }
}

TEST_CASE("a lock that is taken names the process that took it, and no other") {
  const test::TempFolder folder;
  const std::string path = folder.file("lock");
  const auto first = LockFile::take(path, "an unlock", std::chrono::seconds(0));
  REQUIRE(first);
  const auto second = LockFile::take(path, "an unlock", std::chrono::seconds(0));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Code::busy);
  CHECK(second.error().why.find("(pid " + std::to_string(::getpid()) + ")") != std::string::npos);
  CHECK(second.error().why.find("unit-tests") != std::string::npos);
  CHECK(second.error().why.find("an unlock") == std::string::npos);

  // One that is gone, or whose number another program has by now, and rubbish.
  for (const char* text : {"999999999 latchkey unlock\n", "1 latchkey unlock\n", "x\n", ""}) {
    std::ofstream(path) << text;
    const auto third = LockFile::take(path, "an unlock", std::chrono::seconds(0));
    REQUIRE_FALSE(third);
    CHECK(third.error().why == "an unlock is under way already");
  }
}
