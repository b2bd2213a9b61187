// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "sys/keys/backup_file.hpp"
#include "sys/keys/passphrase.hpp"

namespace latchkey {
namespace {

std::string folder_of(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : file.substr(0, slash);
}

// Recognised by nobody as a backup, and by the next run as its own.
std::string temporary_of(const std::string& file) {
  const std::size_t slash = file.rfind('/');
  const std::size_t at = slash == std::string::npos ? 0 : slash + 1;
  return file.substr(0, at) + "." + file.substr(at) + ".unfinished";
}

}  // namespace

BackupWriter::BackupWriter(std::string file, std::string temporary, Fd fd, const Secret& key)
    : file_(std::move(file)),
      temporary_(std::move(temporary)),
      fd_(std::move(fd)),
      key_(copy_of(key)) {}

BackupWriter::BackupWriter(BackupWriter&& other) noexcept
    : file_(std::move(other.file_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::move(other.fd_)),
      at_(other.at_),
      parts_(std::move(other.parts_)),
      key_(std::move(other.key_)) {}

BackupWriter::~BackupWriter() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Error BackupWriter::failed() const {
  return system_error(errno, "cannot write the backup '" + printable(file_) + "'",
                      errno == ENOSPC ? "choose a place with more room" : "");
}

namespace {

std::string place_hint(int error) {
  return error == ENOENT || error == ENOTDIR
             ? "there is no such directory: is the disk that it is on mounted?"
             : "";
}

}  // namespace

Result<BackupWriter> BackupWriter::begin(const std::string& file, const Secret& key) {
  const std::string what = "will not write the backup '" + printable(file) + "'";
  struct stat info {};
  if (::lstat(file.c_str(), &info) == 0)
    return Error{Code::refused, what, "it is there already", "choose another name"};
  const std::string temporary = temporary_of(file);
  if (::unlink(temporary.c_str()) != 0 && errno != ENOENT)
    return system_error(errno, "cannot write the backup '" + printable(file) + "'",
                        place_hint(errno));
  Fd fd(::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd)
    return system_error(errno, "cannot write the backup '" + printable(file) + "'",
                        place_hint(errno));
  BackupWriter writer(file, temporary, std::move(fd), key);
  // The head comes last: without it the file is no backup.
  if (auto head = writer.put(std::string(backup_head_size, '\0')); !head) return head.error();
  return writer;
}

Result<> BackupWriter::put(std::string_view bytes) {
  if (!write_all(fd_.get(), bytes)) return failed();
  at_ += bytes.size();
  return Ok{};
}

Result<> BackupWriter::align() {
  return put(std::string(backup_aligned(at_) - at_, '\0'));
}

Result<> BackupWriter::add_text(BackupPart part, std::string_view content) {
  if (auto aligned = align(); !aligned) return aligned;
  part.offset = at_;
  part.size = content.size();
  part.sha256 = hex(sha256(content));
  parts_.push_back(std::move(part));
  return put(content);
}

Result<> BackupWriter::add_from(BackupPart part, const std::string& path) {
  if (auto aligned = align(); !aligned) return aligned;
  const std::string what = "cannot read '" + path + "'";
  const Fd from(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!from) return system_error(errno, what);
  // dm-crypt writes past the page cache of the device below it.
  struct stat info {};
  if (::fstat(from.get(), &info) != 0 ||
      (S_ISBLK(info.st_mode) && ::ioctl(from.get(), BLKFLSBUF, 0) != 0))
    return system_error(errno, what);
  part.offset = at_;
  Sha256 digest;
  std::vector<char> buffer(1U << 20U);
  for (;;) {
    const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, what);
    if (got == 0) break;
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    digest.add(bytes);
    if (auto written = put(bytes); !written) return written;
  }
  part.size = at_ - part.offset;
  part.sha256 = hex(digest.finish());
  parts_.push_back(std::move(part));
  return Ok{};
}

Result<> BackupWriter::finish(BackupManifest manifest) {
  if (auto aligned = align(); !aligned) return aligned;
  manifest.parts = parts_;
  const std::string text = encode_backup_manifest(manifest);
  const BackupHead head{at_, text.size(), sha256(text)};
  // What is written here is read back by the same judge, before anything else is.
  if (const auto fine = parse_backup_manifest(text, head); !fine) return fine.error();
  if (auto written = put(text); !written) return written;
  const std::string first = encode_backup_head(head);
  if (::pwrite(fd_.get(), first.data(), first.size(), 0) != static_cast<ssize_t>(first.size()))
    return failed();
  Sha256 seal(key_.reveal());
  std::vector<char> buffer(1U << 20U);
  for (off_t from = 0;;) {
    const ssize_t got = ::pread(fd_.get(), buffer.data(), buffer.size(), from);
    if (got < 0) return failed();
    if (got == 0) break;
    seal.add({buffer.data(), static_cast<std::size_t>(got)});
    from += got;
  }
  if (auto written = put(seal.finish()); !written) return written;
  if (::fsync(fd_.get()) != 0) return failed();
  return Ok{};
}

Result<> BackupWriter::keep() {
  if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, file_.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST)
      return Error{Code::refused, "will not write the backup '" + printable(file_) + "'",
                   "a file of that name came meanwhile", "choose another name"};
    // File systems that do not know the flag (vfat of a stick, some network ones).
    if (errno != EINVAL) return failed();
    if (::rename(temporary_.c_str(), file_.c_str()) != 0) return failed();
  }
  temporary_.clear();
  const Fd directory(::open(folder_of(file_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return failed();
  return Ok{};
}

}  // namespace latchkey
