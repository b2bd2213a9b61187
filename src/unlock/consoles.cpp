// SPDX-License-Identifier: GPL-3.0-or-later
#include "unlock/consoles.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/unlock/console_names.hpp"
#include "sys/base/clock.hpp"
#include "sys/unlock/tty.hpp"

namespace latchkey {

Consoles::Consoles(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    Console console;
    console.device = "/dev/" + name;
    consoles_.push_back(std::move(console));
  }
  keep_running();
}

Consoles::~Consoles() {
  for (Console& console : consoles_) {
    if (console.pid > 0) ::kill(console.pid, SIGKILL);
    reap(console);
    // What goes on now writes there, and waits where somebody pressed Scroll Lock.
    if (const Fd fd(::open(console.device.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)); fd)
      restart_output(fd.get());
  }
}

void Consoles::start(Console& console) {
  console.started = Clock::now();
  std::array<char*, 4> argv{const_cast<char*>("latchkey-unlock"), const_cast<char*>("console"),
                            console.device.data(), nullptr};
  std::array<char*, 2> environment{const_cast<char*>("PATH=/usr/sbin:/usr/bin:/sbin:/bin"), nullptr};
  const pid_t pid = ::fork();
  if (pid < 0) return;
  if (pid == 0) {
    // A prompt without its coordinator would read a passphrase for nobody.
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    ::setsid();
    ::execve("/proc/self/exe", argv.data(), environment.data());
    ::_exit(127);
  }
  console.pid = pid;
  console.handle = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

void Consoles::reap(Console& console) {
  if (console.pid <= 0) return;
  while (::waitpid(console.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  console.pid = -1;
  console.handle.reset();
}

void Consoles::keep_running() {
  for (Console& console : consoles_) {
    if (console.pid > 0 && ::waitpid(console.pid, nullptr, WNOHANG) == console.pid) {
      console.pid = -1;
      console.handle.reset();
    }
    if (console.pid <= 0 && Clock::now() - console.started >= std::chrono::seconds(1))
      start(console);
  }
}

void Consoles::watch(std::vector<pollfd>& into) const {
  for (const Console& console : consoles_)
    if (console.handle) into.push_back({console.handle.get(), POLLIN, 0});
}

void Consoles::wait_until(Clock::time_point deadline) {
  for (Console& console : consoles_) {
    if (!console.handle) continue;
    pollfd watched{console.handle.get(), POLLIN, 0};
    if (::poll(&watched, 1, poll_ms(deadline)) > 0) reap(console);
  }
}

std::vector<std::string> active_consoles() {
  const auto text = read_file("/sys/class/tty/console/active");
  return text ? console_names(*text) : std::vector<std::string>{};
}

}  // namespace latchkey
