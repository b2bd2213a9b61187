// SPDX-License-Identifier: GPL-3.0-or-later
// File descriptors that close themselves, and whole files.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// Owns a file descriptor; closes it. Move-only; empty is -1.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  /// Gives the descriptor away; the caller closes it.
  [[nodiscard]] int release() noexcept;
  void reset() noexcept;

 private:
  int fd_ = -1;
};

/// An Error of the fitting kind for an errno value: ENOENT and ENODEV are
/// missing, EBUSY busy, ENOMEM memory, EACCES and EPERM refused, else io. `why`
/// becomes the system's text.
[[nodiscard]] Error system_error(int error, std::string what, std::string hint = {});

/// Reads a file whole. Fails with Code::missing when it is not there, Code::io
/// otherwise, also when it is larger than `limit` bytes.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit = 1 << 20);

/// The text of a file that is to say something; empty when it is not there or cannot be read, or
/// is larger than `limit` bytes: for what is only told, or guessed from it.
[[nodiscard]] std::string text_or_empty(const std::string& path, std::size_t limit = 1 << 20);

/// The value of a file in /sys, without its line end; empty when it cannot be read.
[[nodiscard]] std::string sys_attribute(const std::string& path);

/// The names in a directory, sorted, without those that begin with a dot; none
/// when it cannot be read.
[[nodiscard]] std::vector<std::string> names_in(const std::string& directory);

/// Writes a file so that after a power cut either the old or the new content is
/// there, whole: temporary file beside it (O_EXCL, created with `mode`), fsync,
/// rename, fsync of the directory.
[[nodiscard]] Result<> write_file(const std::string& path, std::string_view content, mode_t mode);

/// Creates a directory with `mode`, and those above it with 0755: what only root may read in
/// one place closes no other. One that is there already is fine and keeps its mode. Fails with
/// Code::io, and with Code::refused when something else has its name.
[[nodiscard]] Result<> make_directories(const std::string& path, mode_t mode);

/// Has the kernel forget what it keeps in memory of a file or block device, so that
/// the next read comes from the disk. What is not written yet is written first. A file
/// system that keeps all in memory (tmpfs) has no disk to read.
void drop_cached(int fd) noexcept;

/// Writes all bytes to a descriptor, over short writes and signals. Gives false
/// with errno set when the other side refuses.
[[nodiscard]] bool write_all(int fd, std::string_view bytes) noexcept;

}  // namespace latchkey
