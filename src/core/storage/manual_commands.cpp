// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/manual_commands.hpp"

#include <algorithm>

#include "core/base/shell_word.hpp"
#include "core/base/size.hpp"

namespace latchkey {
namespace {

constexpr std::uint64_t mib = 1ULL << 20U;

}  // namespace

std::string room_hint(const std::string& vg, std::uint64_t missing, std::uint64_t extent) {
  const std::uint64_t whole = round_up(missing, std::max(extent, mib));
  // LVM itself would cut a file system's end off, and ask no more than "are you sure".
  return "add an empty disk to the group: lvm vgextend " + vg +
         " DISK; or make another logical volume of it smaller together with its file system, "
         "which ext4 can while it is not mounted, and xfs never: lvm lvreduce --resizefs --size -" +
         std::to_string(whole / mib) + "M " + vg + "/LV";
}

std::string wake_first(const DeviceRef& device) {
  if (device.kind != DeviceRef::Kind::lv) return {};
  return "lvm lvchange --activate y " + device.text() + "; ";
}

std::string cryptsetup_command(const std::string& action, const DeviceRef& device,
                               const std::string& header, const std::string& rest) {
  return "cryptsetup " + action + (header.empty() ? "" : " --header " + shell_word(header)) + " " +
         shell_word(device.path()) + (rest.empty() ? "" : " " + rest);
}

std::string recovery_key_use(const DeviceRef& device, const std::string& header,
                             const std::string& mapping, bool keys) {
  return std::string("to use it, with its dashes: ") +
         (keys ? "type it as the passphrase, in early boot or for release-services; by hand: "
               : "") +
         wake_first(device) + cryptsetup_command("open", device, header, mapping);
}

}  // namespace latchkey
