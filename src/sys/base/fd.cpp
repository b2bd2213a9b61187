// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/base/fd.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/base/text.hpp"
#include "sys/base/handle.hpp"

namespace latchkey {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int Fd::release() noexcept { return std::exchange(fd_, -1); }

void Fd::reset() noexcept {
  // close() is never repeated: after EINTR Linux has closed it already.
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

namespace {

// What to do about an errno is the same wherever it comes from.
std::string usual_hint(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "make room there (df -h), then try again";
    case EIO:
      return "its disk or the way to it fails: see dmesg";
    case EROFS:
      return "it can only be read: see dmesg, findmnt";
    case ENOMEM:
      return "add memory, or end what uses it";
    default:
      return {};
  }
}

}  // namespace

Error system_error(int error, std::string what, std::string hint) {
  if (hint.empty()) hint = usual_hint(error);
  Code code = Code::io;
  if (error == ENOENT || error == ENODEV || error == ENXIO || error == ENOTDIR) code = Code::missing;
  if (error == EBUSY) code = Code::busy;
  if (error == ENOMEM) code = Code::memory;
  if (error == EACCES || error == EPERM) code = Code::refused;
  return Error{code, std::move(what), std::strerror(error), std::move(hint)};
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const std::string what = "cannot read '" + path + "'";
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return system_error(errno, what);
  std::string content;
  char buffer[4096];
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, what);
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
    if (content.size() > limit)
      return Error{Code::io, what, "it is larger than " + std::to_string(limit) + " bytes", ""};
  }
}

std::string text_or_empty(const std::string& path, std::size_t limit) {
  auto text = read_file(path, limit);
  return text ? std::move(*text) : std::string();
}

std::string sys_attribute(const std::string& path) {
  const auto text = read_file(path);
  return text ? std::string(trim(*text)) : "";
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  const Handle<DIR, ::closedir> stream(::opendir(directory.c_str()));
  if (!stream) return names;
  while (const dirent* entry = ::readdir(stream.get()))
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  std::ranges::sort(names);
  return names;
}

void drop_cached(int fd) noexcept {
  // Pages that are dirty would stay.
  (void)::fdatasync(fd);
  if (::ioctl(fd, BLKFLSBUF, 0) != 0) (void)::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

bool write_all(int fd, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

Result<> write_file(const std::string& path, std::string_view content, mode_t mode) {
  const std::string what = "cannot write '" + path + "'";
  const std::string temporary = path + ".new-" + std::to_string(::getpid());
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  constexpr int anew = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  Fd fd(::open(temporary.c_str(), anew, mode));
  // Left by a process with our PID before a power cut: nobody else writes to it.
  if (!fd && errno == EEXIST && ::unlink(temporary.c_str()) == 0)
    fd = Fd(::open(temporary.c_str(), anew, mode));
  if (!fd) return system_error(errno, what);
  const bool written = write_all(fd.get(), content) && ::fchmod(fd.get(), mode) == 0 &&
                       ::fsync(fd.get()) == 0;
  if (!written || std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return system_error(error, what);
  }
  const Fd parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent || ::fsync(parent.get()) != 0) return system_error(errno, what);
  return Ok{};
}

Result<> make_directories(const std::string& path, mode_t mode) {
  for (std::size_t at = 1; at != std::string::npos;) {
    at = path.find('/', at + 1);
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), at == std::string::npos ? mode : 0755) != 0 && errno != EEXIST)
      return system_error(errno, "cannot create the directory '" + part + "'");
  }
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))
    return Error{Code::refused, "cannot create the directory '" + path + "'",
                 "something else has its name", ""};
  return Ok{};
}

}  // namespace latchkey
