// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/base/mount_id.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace latchkey {

std::optional<std::uint64_t> mount_id(const std::string& path) {
  struct statx info {};
  if (::statx(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT, STATX_MNT_ID, &info) != 0 ||
      (info.stx_mask & STATX_MNT_ID) == 0)
    return {};
  return info.stx_mnt_id;
}

}  // namespace latchkey
