// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/foreign_file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "core/text.hpp"

namespace latchkey {

Fd open_beneath(int directory, const std::string& file, bool links) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  if (!links) how.resolve |= RESOLVE_NO_SYMLINKS;
  return Fd(static_cast<int>(::syscall(SYS_openat2, directory, file.c_str(), &how, sizeof how)));
}

Result<std::string> read_foreign_file(const std::string& directory, const std::string& file,
                                      std::size_t limit) {
  const std::string what = "cannot read '" + printable(directory + "/" + file) + "'";
  const Fd folder(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return system_error(errno, what);
  struct stat info {};
  const Fd fd = open_beneath(folder.get(), file, true);
  if (!fd && errno == EXDEV)
    return Error{Code::refused, what, "it lies out of '" + printable(directory) + "'", ""};
  if (!fd || ::fstat(fd.get(), &info) != 0) return system_error(errno, what);
  if (!S_ISREG(info.st_mode)) return Error{Code::refused, what, "it is no regular file", ""};
  return read_file("/proc/self/fd/" + std::to_string(fd.get()), limit);
}

}  // namespace latchkey
