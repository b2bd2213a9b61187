// SPDX-License-Identifier: GPL-3.0-or-later
// A part of a file as a block device that cannot be written to.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {

/// A read-only loop device. The kernel takes it away when this goes and nobody else
/// has it open, also when the process is killed.
class LoopDevice {
 public:
  /// Shows `size` bytes at `offset` of a file or device (0: all that follow), in sectors
  /// as large as the device's: what can be mounted there can be mounted here, and nothing
  /// else. Fails with
  /// Code::missing for a file that is not there, Code::kernel without loop devices,
  /// Code::io.
  [[nodiscard]] static Result<LoopDevice> attach(const std::string& file, std::uint64_t offset,
                                                 std::uint64_t size);

  /// `/dev/loop3`.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  LoopDevice(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  Fd fd_;
};

/// The size of a block device's sectors, as programs have to use them; 512 for a file.
[[nodiscard]] std::uint32_t sector_size(int fd);

}  // namespace latchkey
