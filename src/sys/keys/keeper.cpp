// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/keys/keeper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>

#include "core/base/text.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/keys/unlock_turn.hpp"
#include "sys/process/process_stat.hpp"
#include "sys/process/worker.hpp"
#include "sys/storage/device.hpp"

namespace latchkey {
namespace {

std::string record_of(const Paths& paths) { return paths.run("keeper"); }

// The 22nd field of its stat, of which two are before that.
std::string start_time(pid_t pid) {
  const auto stat = stat_behind_name("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return {};
  const auto fields = split_fields(*stat);
  return fields.size() > 19 ? std::string(fields[19].text) : std::string();
}

// Whoever waits for the caller's pipes to end must not wait for the keeper. What is
// not to be handed on to programs is our own; everything else came from the caller.
void let_go_of_callers_files() {
  for (const std::string& name : names_in("/proc/self/fd")) {
    const auto number = parse_number(name, INT_MAX);
    if (!number) continue;
    const int fd = static_cast<int>(*number);
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) ::close(fd);
  }
  for (const int wanted : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const int null = ::open("/dev/null", O_RDWR);
    if (null >= 0 && null != wanted) {
      ::dup2(null, wanted);
      ::close(null);
    }
  }
}

Result<> publish(const Paths& paths, const Keeper& keeper, int directory) {
  const std::string link = keys_link(paths);
  const std::string target =
      "/proc/" + std::to_string(keeper.pid) + "/fd/" + std::to_string(directory);
  (void)::unlink(link.c_str());
  if (::symlink(target.c_str(), link.c_str()) != 0)
    return system_error(errno, "cannot make the link '" + link + "'");
  return write_file(record_of(paths),
                    std::to_string(keeper.pid) + "\t" + keeper.started + "\t" + keeper.until +
                        "\t" + (keeper.writes ? "write" : "read") + "\n",
                    0644);
}

void withdraw(const Paths& paths) {
  (void)::unlink(keys_link(paths).c_str());
  (void)::unlink(record_of(paths).c_str());
}

sigset_t ending_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  return set;
}

// Until the time is over, or somebody ends it.
void wait_for_the_end(int signals, std::chrono::seconds time) {
  const Fd timer(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC));
  itimerspec spec{};
  spec.it_value.tv_sec = time.count();
  if (!timer || ::timerfd_settime(timer.get(), 0, &spec, nullptr) != 0) return;
  std::array<pollfd, 2> fds{{{signals, POLLIN, 0}, {timer.get(), POLLIN, 0}}};
  while (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
  }
}

// Somebody's open file keeps the mapping although nobody can come in any more. It
// goes with that file; the LV can be put to rest only then.
void outlast_users(const Setup& setup, int signals) {
  pollfd fd{signals, POLLIN, 0};
  while (find_mapping(setup.config.keys.mapping))
    if (::poll(&fd, 1, 1000) > 0) return;
}

[[noreturn]] void keep(const Setup& setup, const Paths& paths, OpenKeys keys, Keeper keeper,
                       std::chrono::seconds time, Fd ready) {
  ::setsid();
  if (::chdir("/") != 0) ::_exit(1);
  const sigset_t set = ending_signals();
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  const Fd signals(::signalfd(-1, &set, SFD_CLOEXEC));
  let_go_of_callers_files();
  keeper.pid = ::getpid();
  keeper.started = start_time(keeper.pid);
  const bool published = signals && static_cast<bool>(publish(paths, keeper, keys.directory()));
  if (published && write_all(ready.get(), "+")) {
    ready.reset();
    wait_for_the_end(signals.get(), time);
  }
  if (!keys.close()) outlast_users(setup, signals.get());
  (void)rest_keys_volume(setup);
  withdraw(paths);
  ::_exit(0);
}

Error not_started() { return system_error(errno, "cannot keep the keys volume open"); }

}  // namespace

std::string keys_link(const Paths& paths) { return paths.run("keys"); }

std::optional<Keeper> find_keeper(const Paths& paths) {
  const auto text = read_file(record_of(paths));
  if (!text) return {};
  const std::vector<std::string> fields = split(trim(*text), '\t');
  const auto pid = fields.size() == 4 ? parse_number(fields[0], 1UL << 30U) : std::nullopt;
  if (!pid || *pid < 2) return {};
  Keeper keeper{static_cast<pid_t>(*pid), fields[1], printable(fields[2]), fields[3] == "write"};
  if (keeper.started.empty() || keeper.started != start_time(keeper.pid)) return {};
  return keeper;
}

Result<Keeper> start_keeper(const Setup& setup, const Paths& paths, OpenKeys keys,
                            KeysAccess access, std::chrono::seconds time,
                            const std::function<void()>& let_go) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return not_started();
  Fd reader(ends[0]);
  Fd writer(ends[1]);
  Keeper keeper;
  keeper.until = now_text(time);
  keeper.writes = access == KeysAccess::write;
  const pid_t child = ::fork();
  if (child < 0) return not_started();
  if (child == 0) {
    end_child([&]() -> int {
      reader.reset();
      let_go();
      keep(setup, paths, std::move(keys), keeper, time, std::move(writer));
    });
  }
  writer.reset();
  char ready = 0;
  ssize_t got = -1;
  do {
    got = ::read(reader.get(), &ready, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1)
    return Error{Code::io, "cannot keep the keys volume open", "its keeper ended at once",
                 "is /run/latchkey writable?"};
  keeper.pid = child;
  keeper.started = start_time(child);
  return keeper;
}

Result<> end_keeper(const Paths& paths) {
  const auto keeper = find_keeper(paths);
  const Fd process(keeper ? static_cast<int>(::syscall(SYS_pidfd_open, keeper->pid, 0)) : -1);
  // Looked at again: from here on the descriptor means this one process.
  if (!process || keeper->started != start_time(keeper->pid)) {
    // One that was killed left its link, which leads into whatever has its number by now.
    withdraw(paths);
    return Ok{};
  }
  for (const int signal : {SIGTERM, SIGKILL}) {
    (void)::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0);
    pollfd fd{process.get(), POLLIN, 0};
    if (::poll(&fd, 1, 10'000) > 0) {
      withdraw(paths);
      return Ok{};
    }
  }
  return Error{Code::timeout, "cannot end what keeps the keys volume open",
               "process " + std::to_string(keeper->pid) + " does not end",
               "does its disk answer? see: dmesg; then: latchkey umount-keys"};
}

std::vector<MountUser> keys_users(const Setup& setup, const Paths& paths) {
  const auto mapping = find_mapping(setup.config.keys.mapping);
  if (!mapping) return {};
  const auto keeper = find_keeper(paths);
  std::vector<MountUser> users = users_of(mapping->number);
  std::erase_if(users, [&](const MountUser& user) { return keeper && user.pid == keeper->pid; });
  return users;
}

}  // namespace latchkey
