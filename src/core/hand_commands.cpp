// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hand_commands.hpp"

namespace latchkey {
namespace {

constexpr std::uint64_t mib = 1ULL << 20U;

}  // namespace

std::string room_hint(const std::string& vg, std::uint64_t missing) {
  // LVM itself would cut a file system's end off, and ask no more than "are you sure".
  return "add an empty disk to the group: lvm vgextend " + vg +
         " DISK; or make another logical volume of it smaller together with its file system, "
         "which ext4 can while it is not mounted, and xfs never: lvm lvreduce --resizefs --size -" +
         std::to_string((missing + mib - 1) / mib) + "M " + vg + "/LV";
}

}  // namespace latchkey
