// SPDX-License-Identifier: GPL-3.0-or-later
// The end of early boot: nothing of it is left.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/image.hpp"
#include "core/message.hpp"
#include "sys/fd.hpp"
#include "sys/kill.hpp"
#include "sys/kmsg.hpp"
#include "unlock/command.hpp"
#include "unlock/early_network.hpp"

namespace latchkey {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Of the 3 s in all: the processes' end, and the last moment at which a call
// of ip is begun, which may take one second itself.
constexpr auto grace = 600ms;
constexpr auto processes_limit = 1200ms;
constexpr auto last_call = 1900ms;

class Report {
 public:
  void add(const Result<>& result) {
    if (result) return;
    code_ = std::max(code_, exit_status(result.error().code));
    std::fputs(error_text("latchkey-unlock", result.error()).c_str(), stderr);
    kmsg(sentence(result.error()), Loudness::warning);
  }
  [[nodiscard]] int status() const { return code_; }

 private:
  int code_ = 0;
};

// From here on nobody new can come in, whatever happens next.
Result<> close_door(const Paths& paths) {
  const std::string keys = paths.etc("root/.ssh/authorized_keys");
  if (::unlink(keys.c_str()) == 0 || errno == ENOENT) return Ok{};
  return system_error(errno, "cannot remove '" + keys + "'");
}

Result<> end_early_processes(const Paths& paths) {
  std::vector<FileId> programs;
  for (const std::string& path :
       {std::string("/proc/self/exe"), paths.root + image_unlocker, paths.root + image_dropbear})
    if (const auto id = file_id(path)) programs.push_back(*id);
  const std::string script = paths.root + image_dhcp_event;
  return end_processes(
      [&](const ProcessInfo& process) {
        return std::ranges::find(programs, process.program) != programs.end() ||
               // A DHCP client whose parent is gone is busybox like the shell.
               std::ranges::find(process.arguments, script) != process.arguments.end();
      },
      grace, processes_limit);
}

Result<> remove_early_files(const Paths& paths) {
  std::error_code failed;
  std::filesystem::remove_all(early_path(paths), failed);
  if (!failed) return Ok{};
  return system_error(failed.value(), "cannot remove '" + early_path(paths) + "'");
}

}  // namespace

int farewell(const Paths& paths) {
  const auto begin = Clock::now();
  Report report;
  report.add(close_door(paths));
  report.add(end_early_processes(paths));
  report.add(restore_network(paths, begin + last_call));
  report.add(remove_early_files(paths));
  return report.status();
}

}  // namespace latchkey
