// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/header_copy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sys/base/fd.hpp"
#include "sys/luks/luks_session.hpp"

namespace latchkey {
namespace {

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

// What is there may have another layout, which the library refuses to replace. The
// same bytes are written a moment later.
Result<> blank(const std::string& path, bool make, std::uint64_t size, const std::string& what) {
  const int flags = O_WRONLY | O_CLOEXEC | (make ? O_CREAT | O_EXCL | O_NOFOLLOW : 0);
  const Fd fd(::open(path.c_str(), flags, 0600));
  if (!fd) return system_error(errno, what);
  const std::string zeroes(1U << 20U, '\0');
  while (size > 0) {
    const std::size_t part = std::min<std::uint64_t>(size, zeroes.size());
    if (!write_all(fd.get(), {zeroes.data(), part})) return system_error(errno, what);
    size -= part;
  }
  if (::fsync(fd.get()) != 0) return system_error(errno, what);
  if (!make) return Ok{};
  // Its name must outlast a power cut as well.
  const Fd folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return system_error(errno, what);
  return Ok{};
}

}  // namespace

bool can_make_header_file(const std::string& header) {
  struct stat info {};
  return header.starts_with('/') && !header.starts_with("/dev/") &&
         ::lstat(header.c_str(), &info) != 0 && errno == ENOENT &&
         ::stat(folder_of(header).c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Result<LuksHeader> save_header(const LuksPlace& place, const std::string& file) {
  if (auto answers = LuksSession::ask(place); !answers) return answers.error();
  LuksSession session;
  auto header = session.load(place);
  if (!header) return header;
  const int r = crypt_header_backup(session.get(), nullptr, file.c_str());
  if (r < 0)
    return Error{Code::io, "cannot save the header of '" + place.name + "'", session.reason(r),
                 "see: dmesg, df -h /run"};
  return header;
}

Result<> put_header_back(const LuksPlace& place, const std::string& type,
                         const std::string& file) {
  const std::string what = "cannot put the header of '" + place.name + "' back";
  const std::string& path = place.header.empty() ? place.device : place.header;
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return system_error(errno, what);
  if (auto blanked = blank(path, can_make_header_file(place.header),
                           static_cast<std::uint64_t>(info.st_size), what);
      !blanked)
    return blanked;
  LuksSession session;
  // The header's own device alone: nothing here is about the data.
  LuksPlace alone = place;
  alone.device = path;
  alone.header.clear();
  if (auto begun = session.init(alone); !begun) return begun;
  const int r = crypt_header_restore(session.get(), type == "LUKS1" ? CRYPT_LUKS1 : CRYPT_LUKS2,
                                     file.c_str());
  if (r < 0) return Error{Code::io, what, session.reason(r), "run the restore again"};
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return system_error(errno, what);
  // Whoever looks next sees the disk.
  drop_cached(fd.get());
  return Ok{};
}

}  // namespace latchkey
