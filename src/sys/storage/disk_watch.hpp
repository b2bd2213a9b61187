// SPDX-License-Identifier: GPL-3.0-or-later
// Are disks at work? What lasts long on one that is, lasts; on one that is not, it hangs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace latchkey {

class DiskWatch {
 public:
  /// Of no disk: never at work.
  DiskWatch() = default;
  /// Of these block devices. `root` is where the kernel lists them by their numbers.
  explicit DiskWatch(std::vector<dev_t> disks, std::string root = "/sys/dev/block");

  /// True when one of them has ended a read or a write since the last call, or the first
  /// time since this was made. Never fails: one that the kernel does not tell of is idle.
  [[nodiscard]] bool moved();

 private:
  [[nodiscard]] std::uint64_t ended_transfers() const;

  std::vector<dev_t> disks_{};
  std::string root_{};
  std::uint64_t seen_ = 0;
};

}  // namespace latchkey
