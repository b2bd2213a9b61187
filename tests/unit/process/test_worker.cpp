// SPDX-License-Identifier: GPL-3.0-or-later
// Workers that cannot be ended. No test can make a disk hang everywhere; a process that is
// traced by somebody else cannot be reaped either, which is all that its parent sees of it.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <new>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/process/process.hpp"
#include "sys/process/worker.hpp"

using namespace latchkey;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

// Has a process of its own trace the caller, for twenty seconds, and never look after it.
// Gives its id; -1 where tracing is not allowed.
pid_t be_traced() {
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  const pid_t self = ::getpid();
  int ends[2];
  if (::pipe(ends) != 0) return -1;
  const pid_t tracer = ::fork();
  if (tracer == 0) {
    const bool traces = ::ptrace(PTRACE_SEIZE, self, nullptr, nullptr) == 0;
    (void)!::write(ends[1], traces ? "y" : "n", 1);
    close_other_descriptors(2);
    ::poll(nullptr, 0, 20'000);
    ::_exit(0);
  }
  char answer = 'n';
  (void)!::read(ends[0], &answer, 1);
  return answer == 'y' ? tracer : -1;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("work that hangs is waited for only so long") {
  const auto began = Clock::now();
  CHECK(ends_within(10s, [] {}));
  CHECK_FALSE(ends_within(200ms, [] { ::poll(nullptr, 0, 60'000); }));
  CHECK_FALSE(ends_within(200ms, [] {
    (void)be_traced();
    ::poll(nullptr, 0, 60'000);
  }));
  CHECK(Clock::now() - began < 15s);
}

TEST_CASE("a worker that cannot be ended is forgotten, not waited for") {
  pid_t tracer = -1;
  const auto began = Clock::now();
  {
    auto worker = Worker::fork([](Channel& channel) {
      channel.send('t', std::to_string(be_traced()));
      (void)channel.receive();
      return 0;
    });
    REQUIRE(worker);
    const auto said = worker->channel().receive();
    REQUIRE(said);
    tracer = std::stoi(said->payload);
    if (tracer < 0) {
      test::skip("no process may trace another here");
      return;
    }
    CHECK_FALSE(worker->reap_within(50ms));
    CHECK_FALSE(worker->end(200ms));
    CHECK(worker->pid() == -1);
  }
  CHECK(Clock::now() - began < 5s);
  ::kill(tracer, SIGKILL);
}

TEST_CASE("a worker that outlives its parent keeps no ssh session open") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd output(ends[0]);
  Fd session(ends[1]);
  auto worker = Worker::fork([&](Channel& channel) {
    ::dup2(session.get(), STDOUT_FILENO);
    ::dup2(session.get(), STDERR_FILENO);
    session.reset();
    let_go_of_stdio();
    channel.send('r');
    ::pause();
    return 0;
  });
  REQUIRE(worker);
  session.reset();
  REQUIRE(worker->channel().receive());
  pollfd over{output.get(), POLLIN, 0};
  REQUIRE(::poll(&over, 1, 5000) == 1);
  char byte = 0;
  CHECK(::read(output.get(), &byte, 1) == 0);
  worker->kill();
}

TEST_CASE("a worker that ends in time is reaped with its status") {
  auto worker = Worker::fork([](Channel&) { return 7; });
  REQUIRE(worker);
  const auto status = worker->reap_within(10s);
  REQUIRE(status);
  CHECK(*status == 7 << 8);

  auto stopped = Worker::fork([](Channel& channel) {
    channel.send('s');
    return ::raise(SIGSTOP);
  });
  REQUIRE(stopped);
  REQUIRE(stopped->channel().receive());
  CHECK(stopped->end() == SIGKILL);
}

TEST_CASE("Must 6: a worker that throws ends by itself, and does nothing of its parent's") {
  const test::TempFolder folder;
  const std::string mark = folder.file("mark");
  struct Parents {
    const std::string& file;
    ~Parents() { std::ofstream(file) << "done"; }
  };
  const auto start = [](const std::function<int(Channel&)>& body) {
    auto worker = Worker::fork([&](Channel& channel) {
      let_go_of_stdio();
      return body(channel);
    });
    REQUIRE(worker);
    return worker->reap();
  };
  {
    const Parents parents{mark};
    CHECK(start([](Channel&) -> int { throw std::logic_error("construction from null"); }) ==
          exit_status(Code::io) << 8);
    CHECK(start([](Channel&) -> int { throw std::bad_alloc(); }) == exit_status(Code::io) << 8);
    CHECK(start([](Channel&) -> int { throw 7; }) == exit_status(Code::io) << 8);
    CHECK(text_of(mark).empty());
  }
  CHECK(text_of(mark) == "done");
}

TEST_CASE("a socket with room takes the longest log, though nobody reads it yet") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
  const Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  make_room(ours.get(), 2 * 1024 * 1024);
  const std::string line(900, 'x');
  int sent = 0;
  while (sent < 500 && send_packet(ours.get(), 'S', line)) ++sent;
  if (!test::is_root()) return;  // for others the system's limit holds
  CHECK(sent == 500);
}

TEST_CASE("a plain worker changes nothing that what it starts would inherit for weeks") {
  const std::string ours = text_of("/proc/self/oom_score_adj");
  rlimit core{};
  REQUIRE(::getrlimit(RLIMIT_CORE, &core) == 0);
  for (const WorkerKind kind : {WorkerKind::plain, WorkerKind::guarded}) {
    auto worker = Worker::fork(
        [](Channel& channel) {
          rlimit now{};
          ::getrlimit(RLIMIT_CORE, &now);
          channel.send('l', text_of("/proc/self/oom_score_adj") + std::to_string(now.rlim_max));
          return 0;
        },
        kind);
    REQUIRE(worker);
    const auto said = worker->channel().receive();
    REQUIRE(said);
    CHECK(said->payload ==
          (kind == WorkerKind::plain ? ours + std::to_string(core.rlim_max) : "500\n0"));
  }
}

TEST_CASE("a program that is started for good may leave a core file, as if init had started it") {
  rlimit init{};
  if (::geteuid() != 0 || ::prlimit(1, RLIMIT_CORE, nullptr, &init) != 0 || init.rlim_max == 0) {
    test::skip("nothing to be seen here (needs root)");
    return;
  }
  const test::TempFolder folder;
  const std::string file = folder.file("limit");
  constexpr int may_not = 77;
  auto worker = Worker::fork([&](Channel&) {
    rlimit none{};
    if (::setrlimit(RLIMIT_CORE, &init) != 0 || ::setrlimit(RLIMIT_CORE, &none) != 0)
      return may_not;
    const auto done = run_daemon({"sh", "-c", "ulimit -Hc > " + file}, 10s);
    rlimit after{1, 1};
    ::getrlimit(RLIMIT_CORE, &after);
    return done && after.rlim_max == 0 ? 0 : 1;
  });
  REQUIRE(worker);
  const int status = worker->reap();
  if (status == may_not << 8) {
    test::skip("no limit may be raised here");
    return;
  }
  CHECK(status == 0);
  CHECK(text_of(file) ==
        (init.rlim_max == RLIM_INFINITY ? "unlimited" : std::to_string(init.rlim_max / 512)) +
            "\n");
}
