// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/lock_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>

#include <cerrno>

namespace latchkey {

Result<LockFile> LockFile::take(const std::string& path, const std::string& what,
                                std::chrono::seconds wait) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return system_error(errno, "cannot open the lock '" + path + "'");
  const auto deadline = std::chrono::steady_clock::now() + wait;
  // flock has no timeout of its own, and an alarm would need a signal handler.
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return system_error(errno, "cannot take the lock '" + path + "'");
    if (std::chrono::steady_clock::now() >= deadline)
      return Error{Code::busy, "cannot begin", what + " is under way already",
                   "wait until it has ended and try again"};
    ::poll(nullptr, 0, 100);
  }
  return LockFile(std::move(fd));
}

}  // namespace latchkey
