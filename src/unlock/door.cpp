// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps the way in open: a parent that does nothing but start its worker again.
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>

#include "core/base/message.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/kmsg.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/process/oom.hpp"
#include "sys/process/worker.hpp"
#include "unlock/command.hpp"
#include "unlock/doorkeeper.hpp"
#include "unlock/early_network.hpp"

namespace latchkey {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

pid_t start_worker(const Paths& paths) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);
  end_child([&] { return Doorkeeper(paths).run(); });
}

int end_worker(pid_t worker) {
  if (worker > 0) {
    ::kill(worker, SIGKILL);
    while (::waitpid(worker, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  return 0;
}

// Starts the worker again and again; returns when told to end.
int supervise(const Paths& paths, int wake) {
  pid_t worker = 0;
  auto started = Clock::now();
  auto next = started;
  while (true) {
    if (worker <= 0 && Clock::now() >= next) {
      started = Clock::now();
      worker = start_worker(paths);
      if (worker < 0) next = started + 1s;
    }
    pollfd watched{wake, POLLIN, 0};
    const int wait = worker > 0 ? -1 : poll_ms(next);
    if (::poll(&watched, 1, wait) <= 0) continue;
    signalfd_siginfo info{};
    while (::read(wake, &info, sizeof info) == sizeof info)
      if (info.ssi_signo != SIGCHLD) return end_worker(worker);
    int status = 0;
    if (worker > 0 && ::waitpid(worker, &status, WNOHANG) == worker) {
      worker = 0;
      next = Clock::now() + (Clock::now() - started < 5s ? 1s : 0s);
      kmsg("the keeper of early ssh died and is started again", Loudness::warning);
    }
  }
}

}  // namespace

int door(const Paths& paths) {
  // What the starting script had open is nothing for programs on the network.
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  // Away from that script and from the console's signals.
  if (::setsid() < 0) ::setpgid(0, 0);
  // What it starts inherits this: without the door nobody can come and help.
  spare_from_oom_killer();
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals, number);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGHUP, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  const Fd wake(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!wake) {
    std::fputs(error_text("latchkey-unlock", system_error(errno, "cannot keep the door")).c_str(),
               stderr);
    return exit_status(Code::io);
  }
  auto made = make_directories(paths.run(), 0755);
  if (made) made = make_directories(early_path(paths), 0700);
  if (!made) kmsg(sentence(made.error()), Loudness::warning);
  // Two doors would fight for the port and ask DHCP twice. Only a door that is
  // really there stops us: not being able to write a file is no reason.
  const auto lock = LockFile::take(early_path(paths, "door.lock"), "the door", 2s);
  if (!lock && lock.error().code == Code::busy) {
    std::fputs(error_text("latchkey-unlock", lock.error()).c_str(), stderr);
    return exit_status(Code::busy);
  }
  return supervise(paths, wake.get());
}

}  // namespace latchkey
