// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/keys/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/text.hpp"
#include "core/keys/stray_keys.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/untrusted_file.hpp"

namespace latchkey {
namespace {

Error failed(const std::string& what) { return system_error(errno, what); }

}  // namespace

Result<Secret> read_key_file(int directory, const std::string& file) {
  const std::string what = "cannot read the key file '" + printable(file) + "'";
  // Whoever wrote the keys volume chose what is in it.
  const Fd fd = open_beneath(directory, file, false);
  if (!fd && errno == ENOENT)
    return Error{Code::missing, what, "it is not on the keys volume", missing_key_hint({})};
  if (!fd && errno == ELOOP)
    return Error{Code::refused, what, "it is a link", "replace it by the file itself"};
  if (!fd && errno == EXDEV)
    return Error{Code::refused, what, "its name leads out of the keys volume",
                 "correct it in /etc/latchkey/volumes"};
  if (!fd) return failed(what);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return failed(what);
  if (!S_ISREG(info.st_mode))
    return Error{Code::refused, what, "it is no regular file",
                 "put the key there as a plain file: latchkey mount-keys --write"};
  if (info.st_size <= 0 || static_cast<std::size_t>(info.st_size) > key_limit)
    return Error{Code::refused, what,
                 "it has " + std::to_string(info.st_size) + " bytes and not 1 to " +
                     std::to_string(key_limit),
                 "if a backup has the right one: latchkey restore FILE"};
  return read_secret(fd.get(), static_cast<std::size_t>(info.st_size));
}

Result<> write_key_file(int directory, const std::string& file, const std::string& temporary,
                        const Secret& content) {
  const std::string what = "cannot write the key file '" + printable(file) + "'";
  if (file.empty() || file.front() == '.' || file.find('/') != std::string::npos)
    return Error{Code::usage, what, "it is no plain file name",
                 "correct x-latchkey.key= in /etc/latchkey/volumes"};
  if (::unlinkat(directory, temporary.c_str(), 0) != 0 && errno != ENOENT) return failed(what);
  Fd fd(::openat(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                 0400));
  if (!fd) return failed(what);
  const auto bytes = content.reveal();
  if (!write_all(fd.get(), {bytes.data(), bytes.size()}) || ::fsync(fd.get()) != 0)
    return failed(what);
  // From the disk and not from the page cache, or the comparison proves nothing.
  (void)::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  fd.reset();
  const auto back = read_key_file(directory, temporary);
  if (!back) return back.error();
  if (!std::ranges::equal(back->reveal(), bytes))
    return Error{Code::io, what, "other bytes were read back than were written",
                 "do not trust the disk of the keys volume"};
  return Ok{};
}

KeysEntry kind_of_keys_entry(std::string_view name) {
  if (!name.starts_with('.')) return KeysEntry::plain;
  // The name between `.` and `.new` is not empty.
  return name.size() > 5 && name.ends_with(".new") ? KeysEntry::leftover : KeysEntry::hidden;
}

}  // namespace latchkey
