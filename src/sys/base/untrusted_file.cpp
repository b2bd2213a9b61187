// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/base/untrusted_file.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

// What lies in such a directory was put there by root, and what such a file says written.
bool only_root_writes(const Fd& there) {
  struct stat info {};
  return ::fstat(there.get(), &info) == 0 && info.st_uid == 0 &&
         (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// By whatever links; nothing where others than root can have put one of the names there, or have
// written the file: sshd takes none of these for root's. The descriptor is empty, with errno, where
// the file cannot be opened.
std::optional<Fd> open_of_root(const Fd& folder, const std::string& file) {
  Fd at(::openat(folder.get(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::vector<std::string> names = split(file, '/');
  for (std::size_t i = 0; at && i < names.size(); ++i) {
    if (!only_root_writes(at)) return {};
    const int kind = i + 1 < names.size() ? O_PATH | O_DIRECTORY : O_RDONLY | O_NONBLOCK | O_NOCTTY;
    Fd next(::openat(at.get(), names[i].c_str(), kind | O_CLOEXEC));
    if (!next) return next;
    at = std::move(next);
  }
  struct stat info {};
  if (at && ::fstat(at.get(), &info) == 0 && S_ISREG(info.st_mode) && !only_root_writes(at))
    return {};
  return at;
}

}  // namespace

Fd open_beneath(int directory, const std::string& file, bool links) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  if (!links) how.resolve |= RESOLVE_NO_SYMLINKS;
  return Fd(static_cast<int>(::syscall(SYS_openat2, directory, file.c_str(), &how, sizeof how)));
}

Result<std::string> read_foreign_file(const std::string& directory, const std::string& file) {
  constexpr std::size_t limit = 1UL << 20;
  const std::string what = "cannot read '" + printable(directory + "/" + file) + "'";
  const Fd folder(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return system_error(errno, what);
  struct stat info {};
  Fd fd = open_beneath(folder.get(), file, true);
  if (!fd && errno == EXDEV) {
    auto roots = open_of_root(folder, file);
    if (!roots)
      return Error{Code::refused, what,
                   "it lies behind a link or mount that leads out of '" + printable(directory) +
                       "', and others than root could have put that there",
                   ""};
    fd = std::move(*roots);
  }
  if (!fd || ::fstat(fd.get(), &info) != 0) return system_error(errno, what);
  if (!S_ISREG(info.st_mode)) return Error{Code::refused, what, "it is no regular file", ""};
  return read_file("/proc/self/fd/" + std::to_string(fd.get()), limit);
}

}  // namespace latchkey
