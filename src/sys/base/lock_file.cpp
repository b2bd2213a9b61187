// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/base/lock_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

constexpr std::size_t command_limit = 120;

// The program's own name and arguments: `latchkey change-passphrase`. Empty when there is no
// such process.
std::string command_of(const std::string& process) {
  const Fd fd(::open(("/proc/" + process + "/cmdline").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 2 * command_limit> bytes{};
  const ssize_t got = fd ? ::read(fd.get(), bytes.data(), bytes.size()) : 0;
  if (got <= 0) return {};
  std::string text(bytes.data(), static_cast<std::size_t>(got));
  if (text.back() == '\0') text.pop_back();
  const auto slash = text.substr(0, text.find('\0')).rfind('/');
  if (slash != std::string::npos) text.erase(0, slash + 1);
  for (char& c : text)
    if (c == '\0') c = ' ';
  return printable(text, command_limit);
}

// For messages only: nothing depends on it.
void sign(int fd) {
  const std::string text = std::to_string(::getpid()) + " " + command_of("self") + "\n";
  if (::ftruncate(fd, 0) == 0) (void)!::pwrite(fd, text.data(), text.size(), 0);
}

// Who holds the lock, when that process still runs: a child of it may be all that is left.
std::string holder(int fd) {
  std::array<char, 2 * command_limit> bytes{};
  const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), 0);
  if (got <= 0) return {};
  const std::string_view text(bytes.data(), static_cast<std::size_t>(got));
  const auto space = text.find(' ');
  const auto end = text.find('\n');
  if (space == std::string_view::npos || end == std::string_view::npos || space > end) return {};
  const std::string pid(text.substr(0, space));
  if (!parse_number(pid, 1U << 30U)) return {};
  const std::string command(text.substr(space + 1, end - space - 1));
  if (command.empty() || command_of(pid) != command) return {};
  return "'" + printable(command) + "' (pid " + pid + ")";
}

std::string target_of(const std::string& link) {
  std::error_code failed;
  return std::filesystem::read_symlink(link, failed).string();
}

// What was started by who took the lock and has it still, the eldest: that one has died.
std::string still_at_work(const std::string& path) {
  std::uint64_t eldest = 0;
  const auto has_it = [&](const std::string& process) {
    const std::string own = "/proc/" + process;
    return std::ranges::any_of(names_in(own + "/fd"), [&](const std::string& fd) {
      if (target_of(own + "/fd/" + fd) != path) return false;
      // Whoever waits for it has the file open too.
      const auto info = read_file(own + "/fdinfo/" + fd);
      return info && info->find("FLOCK") != std::string::npos;
    });
  };
  for (const std::string& name : names_in("/proc")) {
    const auto number = parse_number(name, 1U << 30U);
    if (number && *number != static_cast<std::uint64_t>(::getpid()) &&
        (eldest == 0 || *number < eldest) && has_it(name))
      eldest = *number;
  }
  if (eldest == 0) return {};
  return "'" + command_of(std::to_string(eldest)) + "' (pid " + std::to_string(eldest) + ")";
}

Error busy(int fd, const std::string& what) {
  const std::string who = holder(fd);
  std::string why = (who.empty() ? what : who) + " is under way already";
  if (const std::string left =
          who.empty() ? still_at_work(target_of("/proc/self/fd/" + std::to_string(fd))) : "";
      !left.empty())
    why += "; still at work: " + left;
  return {Code::busy, "cannot begin", why, "wait until it has ended and try again"};
}

}  // namespace

std::optional<int> held_setup_lock() {
  for (const std::string& name : names_in("/proc/self/fd")) {
    const auto number = parse_number(name, 1U << 30U);
    if (number && target_of("/proc/self/fd/" + name).ends_with(std::string("/") + setup_lock_name))
      return static_cast<int>(*number);
  }
  return {};
}

Result<LockFile> LockFile::take(const std::string& path, const std::string& what,
                                std::chrono::seconds wait) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return system_error(errno, "cannot open the lock '" + path + "'");
  const auto deadline = std::chrono::steady_clock::now() + wait;
  // flock has no timeout of its own, and an alarm would need a signal handler.
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return system_error(errno, "cannot take the lock '" + path + "'");
    if (std::chrono::steady_clock::now() >= deadline) return busy(fd.get(), what);
    ::poll(nullptr, 0, 100);
  }
  sign(fd.get());
  return LockFile(std::move(fd));
}

}  // namespace latchkey
