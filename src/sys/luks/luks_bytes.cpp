// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/luks_bytes.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/message.hpp"
#include "core/luks/luks_ciphers.hpp"
#include "sys/base/fd.hpp"
#include "sys/storage/disk_health.hpp"

namespace latchkey {
namespace {

// Reads up to `size` bytes at the start of a device; fewer at its end.
Result<std::string> read_start(int fd, std::size_t size, const std::string& what) {
  std::string out(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(fd, out.data() + done, size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, what);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  out.resize(done);
  return out;
}

}  // namespace

Result<std::string> read_luks_bytes(const std::string& path) {
  const std::string what = "cannot read the LUKS header of '" + path + "'";
  // NONBLOCK: a path that is a FIFO or an empty drive must not stop the hook.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return system_error(errno, what);
  const auto start = read_start(fd.get(), 16, what);
  if (!start) return start.error();
  return read_start(fd.get(), luks_header_size(*start), what);
}

Result<std::string> read_luks_bytes_in_time(const std::string& path) {
  // What else may be wrong with it is told by the reading.
  if (const auto answer = ask_disk(path); !answer && answer.error().code == Code::timeout)
    return Error{Code::timeout, "cannot read the LUKS header of '" + path + "'", answer.error().why,
                 failing_disk_hint()};
  return read_luks_bytes(path);
}

}  // namespace latchkey
