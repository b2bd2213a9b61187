// SPDX-License-Identifier: GPL-3.0-or-later
// The end of early boot: nothing of it is left. Called by the image's init-bottom, and
// once more by the running system when that did not get to its end: an early Dropbear
// would keep the port of the machine's own sshd, an address the link from its owner.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "core/base/message.hpp"
#include "core/image/image.hpp"
#include "core/network/tcp_table.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/kmsg.hpp"
#include "sys/process/kill.hpp"
#include "unlock/command.hpp"
#include "unlock/early_network.hpp"

namespace latchkey {
namespace {

using namespace std::chrono_literals;

// Of the 4 s in all; a machine that stalls gets longer, see end_processes().
constexpr auto grace = 600ms;
constexpr auto processes_limit = 1200ms;
constexpr auto delivery_limit = 1s;

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
  // By name as well: for the running system the image's files are gone.
  const std::vector<std::string> names{paths.root + image_unlocker, paths.root + image_dropbear};
  for (const std::string& path : {std::string("/proc/self/exe"), names[0], names[1]})
    if (const auto id = file_id(path)) programs.push_back(*id);
  const std::string script = paths.root + image_dhcp_event;
  return end_processes(
      [&](const ProcessInfo& process) {
        return std::ranges::find(programs, process.program) != programs.end() ||
               std::ranges::find(names, process.path) != names.end() ||
               // A DHCP client whose parent is gone is busybox like the shell.
               std::ranges::find(process.arguments, script) != process.arguments.end();
      },
      grace, processes_limit);
}

// The kernel goes on sending what a session wrote before it ended, its exit status among
// it, for as long as there is a network: a packet that was lost comes once more after some
// 200 ms. Who is not there any more holds the boot no longer than the limit.
void deliver_last_words(const Paths& paths) {
  const auto setup = load_setup(paths);
  const std::uint16_t port = setup ? setup->config.ssh.port : SshConfig{}.port;
  const auto under_way = [&](const char* table) {
    const auto text = read_file(table);
    return text && unsent_data(*text, port);
  };
  const auto until = std::chrono::steady_clock::now() + delivery_limit;
  while (std::chrono::steady_clock::now() < until &&
         (under_way("/proc/net/tcp") || under_way("/proc/net/tcp6")))
    ::poll(nullptr, 0, 20);
}

Result<> remove_early_files(const Paths& paths) {
  std::error_code failed;
  std::filesystem::remove_all(early_path(paths), failed);
  if (!failed) return Ok{};
  return system_error(failed.value(), "cannot remove '" + early_path(paths) + "'");
}

}  // namespace

int farewell(const Paths& paths) {
  Report report;
  report.add(close_door(paths));
  report.add(end_early_processes(paths));
  deliver_last_words(paths);
  report.add(restore_network(paths));
  // What is left is written down there, for latchkey-farewell.service.
  if (report.status() == 0) report.add(remove_early_files(paths));
  return report.status();
}

}  // namespace latchkey
