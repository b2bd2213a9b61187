// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/boot_sync.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "sys/base/fd.hpp"
#include "sys/process/blocked_signals.hpp"

namespace latchkey {
namespace {

// syncfs(2) has XFS write its log, and directories and inodes half a minute later; freezing it
// writes them to their places. Two processes: where the one that froze it is killed in between,
// the other ends that, or nobody could write there any more. Where it cannot be frozen, as by
// somebody who has done so already, nothing is worse than before.
void freeze_for_a_moment(int fd) {
  const BlockedSignals held({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP});
  const pid_t child = ::fork();
  if (child < 0) return;
  if (child == 0) ::_exit(::ioctl(fd, FIFREEZE, 0) == 0 && ::ioctl(fd, FITHAW, 0) != 0 ? 1 : 0);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) ::ioctl(fd, FITHAW, 0);
}

// What froze root and was ended in between would hang everything. GRUB may read an image of before
// there for half a minute; early boot then mounts root, which writes the log to its places.
bool is_root_itself(int fd) {
  struct stat root {};
  struct stat here {};
  return ::stat("/", &root) == 0 && ::fstat(fd, &here) == 0 && root.st_dev == here.st_dev;
}

}  // namespace

Result<> sync_for_boot(const std::string& place) {
  const Fd fd(::open(place.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return Ok{};
  if (!fd) return system_error(errno, "cannot open '" + place + "'");
  if (::syncfs(fd.get()) != 0)
    return system_error(errno, "cannot write '" + place + "' to its disk",
                        "look for the reason: dmesg; then run this again");
  struct statfs info {};
  if (::fstatfs(fd.get(), &info) == 0 && info.f_type == XFS_SUPER_MAGIC &&
      !is_root_itself(fd.get()))
    freeze_for_a_moment(fd.get());
  return Ok{};
}

}  // namespace latchkey
