// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/process/kill.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <sstream>
#include <utility>

#include "core/base/text.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/process_stat.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Rounds of SIGKILL before it is given up: who is forked meanwhile is killed in the next.
constexpr int fewest_kills = 3;

// The kernel says so behind the path of a program that has no name any more, as all
// have that were begun in early boot.
constexpr std::string_view deleted_mark = " (deleted)";

// Called by number: the C library of the oldest release has no wrapper for all.
Fd open_process(pid_t pid) { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

void signal_process(const Fd& process, int number) {
  ::syscall(SYS_pidfd_send_signal, process.get(), number, nullptr, 0);
}

std::optional<ProcessInfo> read_process(pid_t pid) {
  const std::string directory = "/proc/" + std::to_string(pid);
  const auto stat = stat_behind_name(directory + "/stat");
  if (!stat) return {};
  std::istringstream rest(*stat);
  ProcessInfo out;
  char state = '?';
  pid_t group = 0;
  rest >> state >> out.parent >> group >> out.session;
  if (!rest) return {};
  out.pid = pid;
  out.zombie = state == 'Z' || state == 'X';
  out.hangs = state == 'D';
  struct stat info {};
  if (::stat((directory + "/exe").c_str(), &info) == 0) out.program = {info.st_dev, info.st_ino};
  std::error_code unreadable;
  out.path = fs::read_symlink(directory + "/exe", unreadable).string();
  if (out.path.ends_with(deleted_mark)) out.path.resize(out.path.size() - deleted_mark.size());
  if (const auto line = read_file(directory + "/cmdline", 16UL * 1024))
    out.arguments = split(*line, '\0');
  return out;
}

// Waits until all have ended or the time has come.
void wait_for_end(const std::vector<Fd>& processes, Clock::time_point until) {
  std::vector<pollfd> waiting;
  for (const Fd& process : processes) waiting.push_back({process.get(), POLLIN, 0});
  while (!waiting.empty()) {
    const int left = poll_ms(until);
    if (left == 0) return;
    const int ready = ::poll(waiting.data(), waiting.size(), left);
    if (ready < 0 && errno != EINTR) return;
    if (ready > 0) std::erase_if(waiting, [](const pollfd& p) { return p.revents != 0; });
  }
}

}  // namespace

Result<FileId> file_id(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return system_error(errno, "cannot find '" + path + "'");
  return FileId{info.st_dev, info.st_ino};
}

std::vector<ProcessInfo> read_processes() {
  std::vector<ProcessInfo> out;
  std::error_code failed;
  for (auto entry = fs::directory_iterator("/proc", failed);
       !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    const auto pid = parse_number(entry->path().filename().string(), 1UL << 22U);
    if (!pid) continue;
    if (auto process = read_process(static_cast<pid_t>(*pid))) out.push_back(std::move(*process));
  }
  return out;
}

std::vector<pid_t> family(const std::vector<ProcessInfo>& processes,
                          const std::function<bool(const ProcessInfo&)>& chosen, pid_t self) {
  std::set<pid_t> spared{0, 1};
  for (pid_t pid = self; pid > 1;) {
    spared.insert(pid);
    const auto at = std::ranges::find(processes, pid, &ProcessInfo::pid);
    const pid_t next = at == processes.end() ? 0 : at->parent;
    pid = spared.contains(next) ? 0 : next;
  }
  std::set<pid_t> out;
  for (const ProcessInfo& process : processes)
    if (!spared.contains(process.pid) && chosen(process)) out.insert(process.pid);
  for (bool grown = true; grown;) {
    grown = false;
    for (const ProcessInfo& process : processes)
      if (!spared.contains(process.pid) &&
          (out.contains(process.parent) || out.contains(process.session)))
        grown = out.insert(process.pid).second || grown;
  }
  for (const ProcessInfo& process : processes)
    if (process.zombie) out.erase(process.pid);
  return {out.begin(), out.end()};
}

Result<> end_processes(const std::function<bool(const ProcessInfo&)>& chosen, milliseconds grace,
                       milliseconds limit) {
  const auto begin = Clock::now();
  const auto deadline = begin + limit;
  bool asked = false;
  int kills = 0;
  while (true) {
    const std::vector<ProcessInfo> all = read_processes();
    std::vector<pid_t> pids = family(all, chosen, ::getpid());
    // On a machine that stalls, the time may be over before anything was killed: what is
    // left behind would keep the port that the system's own sshd wants.
    const bool late = Clock::now() >= deadline;
    if (late && kills >= fewest_kills)
      std::erase_if(pids, [&](pid_t pid) {
        const auto process = std::ranges::find(all, pid, &ProcessInfo::pid);
        return process != all.end() && process->hangs;
      });
    if (pids.empty()) return Ok{};
    if (late && kills >= fewest_kills)
      return Error{Code::timeout, "cannot end all processes of early ssh",
                   std::to_string(pids.size()) + " of them are still there", ""};
    // Opened first and looked at again: a number that now is somebody else's
    // process must not get our signal. Only such a one is left out: where some of them
    // end all the time, as sshd's children do, the others would never get theirs.
    std::vector<std::pair<pid_t, Fd>> opened;
    for (const pid_t pid : pids)
      if (Fd process = open_process(pid)) opened.emplace_back(pid, std::move(process));
    const std::vector<pid_t> still = family(read_processes(), chosen, ::getpid());
    const bool gently = !asked && !late;
    std::vector<Fd> processes;
    for (auto& [pid, process] : opened) {
      if (!std::ranges::binary_search(still, pid)) continue;
      signal_process(process, gently ? SIGTERM : SIGKILL);
      processes.push_back(std::move(process));
    }
    wait_for_end(processes, gently ? std::min(deadline, begin + grace) : Clock::now() + grace);
    asked = true;
    if (!gently) ++kills;
  }
}

}  // namespace latchkey
