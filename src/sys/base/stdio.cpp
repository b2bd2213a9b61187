// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/base/stdio.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace latchkey {

void open_missing_stdio() noexcept {
  // The kernel gives out the lowest number that is free.
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR | O_NOCTTY) < 0)
      (void)!::open("/", O_PATH);  // no /dev yet: the number is taken by a descriptor without use
}

bool goes_nowhere(int fd) noexcept {
  struct stat info {};
  return ::fstat(fd, &info) != 0 ||
         (S_ISCHR(info.st_mode) && info.st_rdev == ::makedev(1, 3));  // mem(4): null
}

}  // namespace latchkey
