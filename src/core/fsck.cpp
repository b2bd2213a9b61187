// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fsck.hpp"

#include <array>
#include <utility>

namespace latchkey {

Result<std::string> judge_fsck(int status, const std::string& volume, const std::string& device,
                               const std::string& type) {
  const std::string what = "cannot mount '" + volume + "'";
  const std::string repair = "run: fsck." + type + " " + device + ", then: release-services";
  const auto bits = static_cast<unsigned>(status);
  if (status == 0) return std::string("clean");
  if (status < 0 || (bits & 128U) != 0)
    return Error{Code::io, what, "fsck." + type + " could not run", repair};
  if ((bits & 32U) != 0) return Error{Code::io, what, "the file system check was cancelled", repair};
  if ((bits & 16U) != 0)
    return Error{Code::usage, what, "fsck." + type + " did not understand how it was called",
                 repair};
  if ((bits & 8U) != 0)
    return Error{Code::io, what, "fsck." + type + " met an error while it ran", repair};
  if ((bits & 4U) != 0)
    return Error{Code::damaged, what, "its file system has errors that need a person", repair};
  if ((bits & 2U) != 0)
    return Error{Code::damaged, what, "its file system was repaired and wants a restart",
                 "reboot, or run: release-services"};
  return std::string("repaired");
}

std::string fsck_package(const std::string& type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> packages{
      {{"ext2", "e2fsprogs"},
       {"ext3", "e2fsprogs"},
       {"ext4", "e2fsprogs"},
       {"xfs", "xfsprogs"},
       {"btrfs", "btrfs-progs"},
       {"f2fs", "f2fs-tools"},
       {"vfat", "dosfstools"},
       {"jfs", "jfsutils"},
       {"reiserfs", "reiserfsprogs"}}};
  for (const auto& [name, package] : packages)
    if (name == type) return std::string(package);
  return {};
}

}  // namespace latchkey
