// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "sys/keys/backup_file.hpp"

namespace latchkey {
namespace {

// Both copies of a LUKS2 header, however large they are.
constexpr std::uint64_t headers_end = 8UL << 20U;

Error damaged(const std::string& file, const std::string& why) {
  return {Code::damaged, "the backup '" + printable(file) + "' is not as it was written", why,
          "use another copy of it"};
}

Error named(Error error, const std::string& file) {
  error.what += " '" + printable(file) + "'";
  return error;
}

}  // namespace

Result<> BackupReader::range(std::uint64_t from, std::uint64_t size,
                             const std::function<Result<>(std::string_view)>& use) const {
  std::vector<char> buffer(std::min<std::uint64_t>(size, 1U << 20U));
  while (size > 0) {
    const std::size_t part = std::min<std::uint64_t>(size, buffer.size());
    const ssize_t got = ::pread(fd_.get(), buffer.data(), part, static_cast<off_t>(from));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "cannot read '" + printable(file_) + "'");
    if (got == 0) return damaged(file_, "it ends too early");
    const auto count = static_cast<std::size_t>(got);
    if (auto used = use({buffer.data(), count}); !used) return used;
    from += count;
    size -= count;
  }
  return Ok{};
}

Result<BackupReader> BackupReader::open(const std::string& file) {
  Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0)
    return system_error(errno, "cannot read the backup '" + printable(file) + "'",
                        errno == ENOENT ? "is the disk that it is on mounted? see: findmnt" : "");
  if (!S_ISREG(info.st_mode))
    return Error{Code::usage, "cannot use the backup '" + printable(file) + "'",
                 "it is no regular file", "copy it to a disk of this machine"};
  drop_cached(fd.get());
  BackupReader reader(file, std::move(fd), static_cast<std::uint64_t>(info.st_size));
  std::string bytes;
  const auto collect = [&bytes](std::string_view more) -> Result<> {
    bytes += more;
    return Ok{};
  };
  if (auto got = reader.range(0, std::min(reader.size_, backup_head_size), collect); !got)
    return got.error();
  auto head = parse_backup_head(bytes, reader.size_);
  if (!head) return named(head.error(), file);
  bytes.clear();
  if (auto got = reader.range(head->manifest_offset, head->manifest_size, collect); !got)
    return got.error();
  if (sha256(bytes) != head->manifest_sha256)
    return damaged(file, "its manifest or its head is damaged");
  auto manifest = parse_backup_manifest(bytes, *head);
  if (!manifest) return named(manifest.error(), file);
  reader.head_ = std::move(*head);
  reader.manifest_ = std::move(*manifest);
  if (auto fine = reader.check_parts(); !fine) return fine.error();
  return reader;
}

Result<> BackupReader::check_gap(std::uint64_t from, std::uint64_t to) const {
  return range(from, to - from, [this](std::string_view bytes) -> Result<> {
    if (bytes.find_first_not_of('\0') == std::string_view::npos) return Ok{};
    return damaged(file_, "the room between its parts is damaged");
  });
}

Result<> BackupReader::whole(const BackupPart& part,
                             const std::function<Result<>(std::string_view)>& use) const {
  Sha256 digest;
  const auto got = range(part.offset, part.size, [&](std::string_view bytes) {
    digest.add(bytes);
    return use(bytes);
  });
  if (!got) return got;
  if (hex(digest.finish()) != part.sha256) return damaged(file_, part.text() + " is damaged");
  return Ok{};
}

Result<> BackupReader::check_parts() const {
  std::uint64_t end = backup_head_size;
  for (const BackupPart& part : manifest_.parts) {
    if (auto fine = check_gap(end, part.offset); !fine) return fine;
    const auto nothing = [](std::string_view) -> Result<> { return Ok{}; };
    if (auto good = whole(part, nothing); !good) return good;
    end = part.offset + part.size;
  }
  return check_gap(end, head_.manifest_offset);
}

Result<> BackupReader::check_seal(const Secret& key) const {
  Sha256 seal(key.reveal());
  const auto add = [&seal](std::string_view bytes) -> Result<> {
    seal.add(bytes);
    return Ok{};
  };
  if (auto got = range(0, size_ - backup_seal_size, add); !got) return got;
  std::string kept;
  const auto collect = [&kept](std::string_view bytes) -> Result<> {
    kept += bytes;
    return Ok{};
  };
  if (auto got = range(size_ - backup_seal_size, backup_seal_size, collect); !got) return got;
  if (same_bytes(seal.finish(), kept)) return Ok{};
  return damaged(file_, "its seal is damaged, or somebody changed what it seals");
}

Result<> BackupReader::read(const BackupPart& part, std::uint64_t from, std::uint64_t size,
                            const std::function<Result<>(std::string_view)>& use) const {
  return range(part.offset + from, size, use);
}

Result<> BackupReader::extract(const BackupPart& part, const std::string& to) const {
  const std::string what = "cannot write '" + to + "'";
  const Fd fd(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return system_error(errno, what);
  const auto written = whole(part, [&](std::string_view bytes) -> Result<> {
    if (write_all(fd.get(), bytes)) return Ok{};
    return system_error(errno, what);
  });
  if (!written) ::unlink(to.c_str());
  return written;
}

Result<> write_device(const BackupReader& backup, const BackupPart& part,
                      const std::string& device) {
  const std::string what = "cannot write to '" + device + "'";
  const Fd fd(::open(device.c_str(), O_RDWR | O_EXCL | O_CLOEXEC));
  if (!fd) return system_error(errno, what);
  const std::uint64_t edge = std::min(headers_end, part.size);
  const auto write_at = [&](std::uint64_t from, std::uint64_t size, bool zero) -> Result<> {
    if (::lseek(fd.get(), static_cast<off_t>(from), SEEK_SET) < 0) return system_error(errno, what);
    auto written = backup.read(part, from, size, [&](std::string_view bytes) -> Result<> {
      const std::string nothing(zero ? bytes.size() : 0, '\0');
      if (write_all(fd.get(), zero ? std::string_view(nothing) : bytes)) return Ok{};
      return system_error(errno, what);
    });
    if (!written) return written;
    if (::fsync(fd.get()) != 0) return system_error(errno, what);
    return Ok{};
  };
  if (auto done = write_at(0, edge, true); !done) return done;
  if (auto done = write_at(edge, part.size - edge, false); !done) return done;
  if (auto done = write_at(0, edge, false); !done) return done;

  drop_cached(fd.get());
  Sha256 digest;
  std::vector<char> buffer(1U << 20U);
  for (std::uint64_t at = 0; at < part.size;) {
    const std::size_t want = std::min<std::uint64_t>(buffer.size(), part.size - at);
    const ssize_t got = ::pread(fd.get(), buffer.data(), want, static_cast<off_t>(at));
    if (got < 0) return system_error(errno, "cannot read '" + device + "'");
    if (got == 0)
      return Error{Code::io, what,
                   "only " + std::to_string(at) + " of its " + std::to_string(part.size) +
                       " bytes are there when it is read back",
                   unread_disk_hint()};
    digest.add({buffer.data(), static_cast<std::size_t>(got)});
    at += static_cast<std::uint64_t>(got);
  }
  if (hex(digest.finish()) == part.sha256) return Ok{};
  return Error{Code::io, what, "other bytes were read back than were written",
               "its disk fails (dmesg); put another in its place, then run the restore again"};
}

}  // namespace latchkey
