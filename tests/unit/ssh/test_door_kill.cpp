// SPDX-License-Identifier: GPL-3.0-or-later
// Ending processes: the decision on made-up tables, the deed on real children.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/process/kill.hpp"
#include "sys/process/process.hpp"

using namespace latchkey;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;
using Pids = std::vector<pid_t>;

constexpr FileId shell{1, 10};
constexpr FileId target{1, 20};

bool is_target(const ProcessInfo& process) { return process.program == target; }

// Starts a program with its stdout in a pipe; waits for its first output, so
// that it is known to have come that far. Reaped when this goes.
class Started {
 public:
  explicit Started(const std::vector<std::string>& argv) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], 1);
      ::close(ends[0]);
      ::close(ends[1]);
      std::vector<char*> words;
      for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
      words.push_back(nullptr);
      ::execv(words[0], words.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    pollfd watched{ends[0], POLLIN, 0};
    CHECK(::poll(&watched, 1, 5000) == 1);
    output_ = ends[0];
  }
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  ~Started() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(output_);
  }
  // True when everybody who could write to its stdout has ended.
  [[nodiscard]] bool all_ended() const {
    char buffer[256];
    while (true) {
      pollfd watched{output_, POLLIN, 0};
      if (::poll(&watched, 1, 2000) != 1) return false;
      if (::read(output_, buffer, sizeof buffer) == 0) return true;
    }
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
  int output_ = -1;
};

// A copy of the shell, so that what runs it is known from every other.
struct OwnShell {
  test::TempFolder folder{};
  std::string program = folder.file("sh");
  FileId id{};
  OwnShell() {
    fs::copy_file("/bin/sh", program);
    const auto found = file_id(program);
    REQUIRE(found);
    id = *found;
  }
  [[nodiscard]] bool runs(const ProcessInfo& process) const { return process.program == id; }
};

}  // namespace

TEST_CASE("chosen processes bring their descendants and the sessions they lead") {
  const std::vector<ProcessInfo> all{
      {1, 0, 1, false, shell},    {50, 1, 50, false, target}, {51, 50, 50, false, shell},
      {52, 51, 52, false, shell}, {53, 1, 50, false, shell},  // orphan of a session of theirs
      {54, 1, 1, false, shell},   {60, 1, 60, true, target},  {61, 54, 1, false, target},
  };
  CHECK(family(all, is_target, 999) == Pids{50, 51, 52, 53, 61});
}

TEST_CASE("whoever ends processes spares itself and its ancestors") {
  const std::vector<ProcessInfo> all{
      {1, 0, 1, false, target},    {50, 1, 50, false, target},  {51, 50, 50, false, target},
      {52, 51, 50, false, target}, {53, 51, 50, false, target},
  };
  CHECK(family(all, is_target, 52) == Pids{53});
}

TEST_CASE("a process that ignores TERM, its children and a deleted program are ended") {
  const OwnShell own;
  const auto ours = [&](const ProcessInfo& process) { return own.runs(process); };
  // The shell ignores TERM, and so does its child, which is of another program.
  const Started stubborn({own.program, "-c", "trap '' TERM; sleep 1000 & echo on; wait; wait"});
  const Started easy({own.program, "-c", "echo on; read x < /dev/zero; sleep 1000"});
  fs::remove(own.program);

  const auto begin = std::chrono::steady_clock::now();
  const auto ended = end_processes(ours, 200ms, 3000ms);
  CHECK(ended);
  CHECK(std::chrono::steady_clock::now() - begin < 3s);
  CHECK(stubborn.all_ended());
  CHECK(easy.all_ended());
  CHECK(::waitpid(stubborn.pid(), nullptr, WNOHANG) == stubborn.pid());
}

// So the running system knows what was begun in early boot, whose files are gone.
TEST_CASE("a program that was deleted is still known by its path") {
  const OwnShell own;
  const Started left({own.program, "-c", "echo on; read x < /dev/zero"});
  const auto by_path = [&](const ProcessInfo& process) { return process.path == own.program; };
  CHECK(family(read_processes(), by_path, ::getpid()) == Pids{left.pid()});
  fs::remove(own.program);
  CHECK(family(read_processes(), by_path, ::getpid()) == Pids{left.pid()});
}

TEST_CASE("with nothing to end there is nothing to wait for") {
  const auto begin = std::chrono::steady_clock::now();
  CHECK(end_processes([](const ProcessInfo&) { return false; }, 1s, 2s));
  CHECK(std::chrono::steady_clock::now() - begin < 500ms);
}

// As on a machine that stalls for seconds between two calls.
TEST_CASE("processes are killed also when the time is over before it began") {
  const OwnShell own;
  const Started stubborn({own.program, "-c", "trap '' TERM; echo on; read x < /dev/zero"});
  CHECK(end_processes([&](const ProcessInfo& process) { return own.runs(process); }, 2000ms, 0ms));
  CHECK(stubborn.all_ended());
}

// As Dropbear's children do, which end all the time while somebody connects and connects.
TEST_CASE("a family whose children come and go all the time is ended at once") {
  const OwnShell own;
  const auto ours = [&](const ProcessInfo& process) { return own.runs(process); };
  const std::string flood = "while :; do \"$0\" -c 'sleep 0.02; :'; done";
  std::string loops = "echo on; ";
  for (int i = 0; i < 8; ++i) loops += "(" + flood + ") & ";
  const Started busy({own.program, "-c", loops + "wait"});
  const auto begin = std::chrono::steady_clock::now();
  CHECK(end_processes(ours, 200ms, 1000ms));
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
  CHECK(busy.all_ended());
}
