// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/signature.hpp"

#include <blkid/blkid.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/handle.hpp"
#include "sys/storage/disk_health.hpp"

namespace latchkey {

Result<std::optional<std::string>> find_signature(const std::string& device) {
  const std::string what = "cannot look at '" + device + "'";
  if (const auto answer = ask_disk(device); !answer && answer.error().code == Code::timeout)
    return Error{Code::timeout, what, answer.error().why, unread_disk_hint()};
  const Fd fd(::open(device.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return system_error(errno, what);
  const Handle<blkid_struct_probe, blkid_free_probe> probe(blkid_new_probe());
  if (!probe || blkid_probe_set_device(probe.get(), fd.get(), 0, 0) != 0)
    return Error{Code::io, what, "libblkid cannot read it",
                 "is it a disk that answers? see: dmesg, lsblk"};
  blkid_probe_enable_superblocks(probe.get(), 1);
  blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE | BLKID_SUBLKS_BADCSUM);
  blkid_probe_enable_partitions(probe.get(), 1);
  std::optional<std::string> found;
  // One after the other, not only the likeliest: whatever is there is somebody's.
  int r = blkid_do_probe(probe.get());
  for (; r == 0; r = blkid_do_probe(probe.get())) {
    const char* value = nullptr;
    std::string kind;
    if (blkid_probe_lookup_value(probe.get(), "TYPE", &value, nullptr) == 0)
      kind = printable(value);
    else if (blkid_probe_lookup_value(probe.get(), "PTTYPE", &value, nullptr) == 0)
      kind = "a partition table (" + printable(value) + ")";
    if (kind.empty()) continue;
    found = found ? *found + " and " + kind : kind;
  }
  // It ends where it cannot read, before it has looked for all: that is no empty device.
  if (r < 0)
    return Error{Code::io, what, r == -1 ? "libblkid cannot read it" : std::strerror(-r),
                 unread_disk_hint()};
  return found;
}

bool journal_is_dirty(int fd) {
  // Incompatible feature bit 4 ("needs recovery") of the superblock at byte 1024.
  std::array<unsigned char, 1024> block{};
  if (::pread(fd, block.data(), block.size(), 1024) != static_cast<ssize_t>(block.size()))
    return false;
  const bool ext = block[0x38] == 0x53 && block[0x39] == 0xef;
  return ext && (block[0x60] & 4U) != 0;
}

}  // namespace latchkey
