// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/process/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/process/patient_run.hpp"
#include "sys/process/worker.hpp"

namespace latchkey {
namespace {

using Clock = std::chrono::steady_clock;
// What a pipe holds: more than this was not written by who has ended.
constexpr std::size_t most_left_over = 1 << 20;
constexpr std::array<const char*, 6> directories{"/usr/sbin", "/usr/bin",       "/sbin",
                                                 "/bin",      "/usr/local/sbin", "/usr/local/bin"};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  // exec takes char* for historical reasons and does not write through it.
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

// How long a program that was killed may take to end.
constexpr std::chrono::seconds time_to_die(3);
constexpr std::chrono::seconds time_to_doubt(5);  // as `hopeless` is documented

int exit_status_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return 255;
  return exit_status_of(status);
}

// What a program prints, as it comes: lines go to who listens, the rest is kept up
// to a limit.
class Printed {
 public:
  Printed(const RunOptions& options, std::string& kept) : options_(options), kept_(kept) {}

  void add(std::string_view text) {
    if (!options_.on_line) return keep(text);
    line_ += text;
    std::size_t end = 0;
    while ((end = line_.find('\n')) != std::string::npos) {
      take(line_.substr(0, end), "\n");
      line_.erase(0, end + 1);
    }
    if (line_.size() >= longest) end_of_line();
  }
  /// What is left when nothing more comes.
  void end_of_line() {
    if (!line_.empty()) take(std::exchange(line_, {}), "");
  }

 private:
  static constexpr std::size_t longest = 4096;

  void take(const std::string& line, const char* end) {
    if (!options_.on_line(line)) keep(line + end);
  }
  void keep(std::string_view text) {
    const std::size_t room = options_.output_limit - std::min(options_.output_limit, kept_.size());
    kept_ += text.substr(0, room);
  }

  const RunOptions& options_;
  std::string& kept_;
  std::string line_{};
};

// Reads until the end or the deadline; gives false at the deadline. The end is when the
// output is closed and the process has ended; with `until_exit` its end alone: who else
// holds the pipe is not waited for, and what such a one writes from then on is not read.
// Without a descriptor of the process it is the end of the output.
bool drain(int fd, Printed& into, std::optional<Clock::time_point> deadline, int process,
           bool until_exit) {
  char buffer[4096];
  std::size_t left_over = most_left_over;
  bool ended = process < 0;
  while (left_over > 0) {
    const int wait = deadline ? poll_ms(*deadline) : -1;
    const bool enough = until_exit && process >= 0 && ended;
    std::array<pollfd, 2> watched{{{fd, POLLIN, 0}, {ended ? -1 : process, POLLIN, 0}}};
    const int ready = ::poll(watched.data(), watched.size(), enough ? 0 : wait);
    if (ready == 0 && enough) break;
    if (ready == 0) return false;
    if (ready < 0 && errno == EINTR) continue;
    ended = ended || watched[1].revents != 0;
    // Asked only now: on a machine that stalls, the time may be over before the first
    // look at a program that has long done its work.
    if (wait == 0 && (!ended || process < 0)) return false;
    if (fd < 0 && ended) break;
    if (watched[0].revents == 0) continue;
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 && ended) break;
    if (got <= 0) {
      fd = -1;  // it closed its output and may run on: its end is still to come
      continue;
    }
    if (enough || wait == 0) left_over -= std::min(left_over, static_cast<std::size_t>(got));
    into.add({buffer, static_cast<std::size_t>(got)});
  }
  into.end_of_line();
  return true;
}

// A file in memory rather than a pipe: nobody has to write into it while the program
// runs, and a program that does not read it hangs nobody.
Result<Fd> in_memory(const std::string& text, const std::string& what) {
  Fd file(::memfd_create("input", MFD_CLOEXEC));
  if (!file || !write_all(file.get(), text) || ::lseek(file.get(), 0, SEEK_SET) != 0)
    return system_error(errno, what);
  return file;
}

// Starts a program. Its stdout is `output`, or /dev/null for -1; the same for its
// stderr, when that is merged into it.
Result<pid_t> spawn(const std::vector<std::string>& argv, const RunOptions& options, int output,
                    const std::string& what) {
  std::vector<std::string> words = argv;
  if (!words.at(0).starts_with('/')) words[0] = find_program(words[0]);
  if (words[0].empty()) return Error{Code::missing, what, "there is no such program", ""};

  std::vector<std::string> environment{
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
      // It closes the lock that a program keeps (see keeps_lock) wherever that calls it.
      "LVM_SUPPRESS_FD_WARNINGS=1"};
  for (const std::string& own : options.environment) {
    // Of two, most programs take the first.
    const std::string name = own.substr(0, own.find('=') + 1);
    std::erase_if(environment, [&](const std::string& one) { return one.starts_with(name); });
    environment.push_back(own);
  }

  Fd given;
  if (!options.input.empty()) {
    auto made = in_memory(options.input, what);
    if (!made) return made.error();
    given = std::move(*made);
  }
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  if (given)
    posix_spawn_file_actions_adddup2(&actions, given.get(), 0);
  else
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (output >= 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1);
  else
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  if (options.merge_stderr)
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
  else
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  // dup2 onto itself: that clears FD_CLOEXEC.
  if (options.keeps_lock)
    if (const auto lock = held_setup_lock())
      posix_spawn_file_actions_adddup2(&actions, *lock, *lock);
  // The program starts with the signals of a fresh process, whatever ours are,
  // and in a process group of its own, so that a timeout ends its children too.
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                            POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, words[0].c_str(), &actions, &attributes,
                                   pointers(words).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) return system_error(failed, what);
  return pid;
}

// What is started for good gets the core limit that init would have given it, not the one
// under which secrets are handled here. In between this process cannot dump either: it is
// not dumpable.
class LimitsOfInit {
 public:
  LimitsOfInit() {
    rlimit init{};
    changed_ = ::prlimit(1, RLIMIT_CORE, nullptr, &init) == 0 &&
               ::getrlimit(RLIMIT_CORE, &ours_) == 0 && ::setrlimit(RLIMIT_CORE, &init) == 0;
  }
  LimitsOfInit(const LimitsOfInit&) = delete;
  LimitsOfInit& operator=(const LimitsOfInit&) = delete;
  ~LimitsOfInit() {
    if (changed_) ::setrlimit(RLIMIT_CORE, &ours_);
  }

 private:
  rlimit ours_{};
  bool changed_ = false;
};

// Waits for the end of a program; nothing when it has not ended in time: it goes on.
Result<std::optional<int>> await(pid_t pid, std::chrono::milliseconds timeout,
                                 const std::string& what) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return system_error(errno, what);
  const auto deadline = Clock::now() + timeout;
  while (true) {
    const int left = poll_ms(deadline);
    if (left == 0) return std::optional<int>();
    pollfd watched{process.get(), POLLIN, 0};
    if (::poll(&watched, 1, left) > 0) return std::optional(wait_for(pid));
  }
}

std::string cannot_run(const std::vector<std::string>& argv) {
  return "cannot run '" + argv.at(0) + "'";
}

}  // namespace

std::string find_program(const std::string& name) {
  for (const char* directory : directories) {
    std::string path = std::string(directory) + "/" + name;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

Result<RunResult> run(const std::vector<std::string>& argv, const RunOptions& options) {
  const std::string what = cannot_run(argv);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error(errno, what);
  const Fd output(ends[0]);
  Fd input(ends[1]);
  const auto spawned = spawn(argv, options, input.get(), what);
  if (!spawned) return spawned.error();
  const pid_t pid = *spawned;
  input.reset();

  const auto begun = Clock::now();
  std::optional<Clock::time_point> deadline;
  if (options.timeout.count() > 0) deadline = begun + options.timeout;
  RunResult result;
  Printed printed(options, result.output);
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  bool ended = false;
  while (!ended) {
    auto until = deadline;
    if (options.hopeless)
      until = std::min(deadline.value_or(Clock::time_point::max()), Clock::now() + time_to_doubt);
    ended = drain(output.get(), printed, until, process.get(), options.until_exit);
    if (until == deadline || (!ended && options.hopeless())) break;
  }
  // Before it is waited for: from then on its number may be another's.
  if (!ended || options.until_exit) ::kill(-pid, SIGKILL);
  if (!ended) {
    const auto lasted = std::chrono::round<std::chrono::seconds>(Clock::now() - begun);
    // One that waits for a disk that hangs cannot be killed: it is left to itself.
    const bool gone = wait_for_child(pid, time_to_die).has_value();
    return Error{Code::timeout, what,
                 "it did not end within " + std::to_string(lasted.count()) + " s" +
                     (gone ? "" : ", and hangs in the kernel, where nothing can end it"),
                 gone ? "" : "look at: dmesg"};
  }
  result.status = wait_for(pid);
  return result;
}

Result<std::optional<int>> run_daemon(const std::vector<std::string>& argv,
                                      std::chrono::milliseconds timeout) {
  const std::string what = cannot_run(argv);
  const auto pid = [&] {
    const LimitsOfInit limits;
    return spawn(argv, {}, -1, what);
  }();
  if (!pid) return pid.error();
  return await(*pid, timeout, what);
}

Result<std::optional<RunResult>> run_to_its_end(const std::vector<std::string>& argv,
                                                std::chrono::milliseconds timeout) {
  const std::string what = cannot_run(argv);
  // No pipe: once we have ended, the program would be ended by its next word.
  const auto output = in_memory("", what);
  if (!output) return output.error();
  const auto pid = spawn(argv, {}, output->get(), what);
  if (!pid) return pid.error();
  const auto status = await(*pid, timeout, what);
  if (!status) return status.error();
  if (!*status) return std::optional<RunResult>();
  auto said = read_file("/proc/self/fd/" + std::to_string(output->get()));
  return std::optional(RunResult{.status = **status, .output = said ? std::move(*said) : ""});
}

Result<std::string> run_ok(const std::vector<std::string>& argv, const std::string& what,
                           const RunOptions& options) {
  return only_ok(argv[0], run(argv, options), what);
}

Result<std::string> only_ok(const std::string& program, Result<RunResult> ran,
                            const std::string& what) {
  if (!ran) return Error{ran.error().code, what, sentence(ran.error()), ran.error().hint};
  if (ran->status == 0) return std::move(ran->output);
  const auto lines = split_lines(trim(ran->output));
  const std::string last = lines.empty() ? "" : printable(trim(lines.back()));
  return Error{Code::io, what,
               program + " ended with status " + std::to_string(ran->status) +
                   (last.empty() ? "" : ": " + last),
               ""};
}

}  // namespace latchkey
