// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mount/file_system.hpp"

#include "core/base/text.hpp"

namespace latchkey {

bool is_ext(const std::string& type) { return type == "ext2" || type == "ext3" || type == "ext4"; }

std::vector<std::string> mkfs_command(const std::string& type,
                                      const std::vector<std::string>& arguments,
                                      const std::string& device) {
  std::vector<std::string> command{"mkfs." + type};
  if (is_ext(type)) command.insert(command.end(), {"-q", "-F"});
  if (type == "xfs" || type == "btrfs" || type == "f2fs" || type == "nilfs2" || type == "bcachefs")
    command.emplace_back("-f");
  if (type == "ntfs" || type == "exfat" || type == "jfs") command.emplace_back("-q");
  // Forced once, it still asks.
  if (type == "reiserfs") command.insert(command.end(), {"-q", "-f", "-f"});
  command.insert(command.end(), arguments.begin(), arguments.end());
  command.push_back(device);
  return command;
}

std::vector<std::string> grow_command(const std::string& type, const std::string& device,
                                      const std::string& mount_point, std::uint64_t part) {
  if (is_ext(type)) return {"resize2fs", device};
  if (type == "xfs") return {"xfs_growfs", mount_point};
  if (type == "btrfs")
    return {"btrfs", "filesystem", "resize", std::to_string(part) + ":max", mount_point};
  return {};
}

Error no_driver_for(const std::string& type) {
  return {Code::kernel, "cannot mount a file system of type '" + printable(type) + "'",
          "the running kernel has neither it nor a module for it",
          "another type, or another kernel: this one may be the cut-down one for clouds"};
}

std::optional<Error> lost_helper(const std::string& type) {
  if (type != "nilfs2") return {};
  return Error{Code::partial, "nothing frees what is deleted on a nilfs2 by itself",
               "its cleaner is started by a mount helper, and volumes are mounted without those",
               "have a service start it behind the mount: nilfs_cleanerd DEVICE MOUNT-POINT"};
}

Error keys_without_driver(const std::string& type) {
  return {Code::missing, "cannot mount the keys volume",
          "this kernel has no driver for its file system, " + type,
          "for early boot add " + type +
              " to /etc/initramfs-tools/modules, and run: update-initramfs -u -k all"};
}

}  // namespace latchkey
