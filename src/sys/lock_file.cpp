// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/lock_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "core/text.hpp"

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

}  // namespace

Result<LockFile> LockFile::take(const std::string& path, const std::string& what,
                                std::chrono::seconds wait) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return system_error(errno, "cannot open the lock '" + path + "'");
  const auto deadline = std::chrono::steady_clock::now() + wait;
  // flock has no timeout of its own, and an alarm would need a signal handler.
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return system_error(errno, "cannot take the lock '" + path + "'");
    if (std::chrono::steady_clock::now() >= deadline) {
      const std::string who = holder(fd.get());
      return Error{Code::busy, "cannot begin", (who.empty() ? what : who) + " is under way already",
                   "wait until it has ended and try again"};
    }
    ::poll(nullptr, 0, 100);
  }
  sign(fd.get());
  return LockFile(std::move(fd));
}

}  // namespace latchkey
