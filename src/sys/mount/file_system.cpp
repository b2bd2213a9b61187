// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/mount/file_system.hpp"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/text.hpp"
#include "core/mount/file_system.hpp"
#include "core/mount/fsck.hpp"
#include "sys/base/fd.hpp"
#include "sys/kernel/modules.hpp"
#include "sys/process/process.hpp"
#include "sys/storage/btrfs.hpp"

namespace latchkey {
namespace {

Error without_program(Error error, const std::string& type) {
  const std::string package = fsck_package(type);
  if (error.code == Code::missing)
    error.hint =
        package.empty() ? "install the package that has it" : "run: apt install " + package;
  return error;
}

}  // namespace

bool can_make_file_system(const std::string& type) { return !find_program("mkfs." + type).empty(); }

bool can_mount_file_system(const std::string& type) {
  const auto known = read_file("/proc/filesystems");
  if (!known) return true;
  for (const std::string_view line : split_lines(*known))
    for (const Field& word : split_fields(line))
      if (word.text == type) return true;
  utsname kernel{};
  if (::uname(&kernel) != 0) return true;
  return find_module("", kernel.release, "fs-" + type).has_value() ||
         find_module("", kernel.release, type).has_value();
}

Result<> make_file_system(const std::string& type, const std::vector<std::string>& arguments,
                          const std::string& device) {
  const std::string what = "cannot make the file system of '" + device + "'";
  const auto made = run_ok(mkfs_command(type, arguments, device), what, {.keeps_lock = true});
  if (!made) return without_program(made.error(), type);
  const Fd fd(::open(device.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return system_error(errno, what);
  return Ok{};
}

Result<> make_keys_file_system(const std::string& device) {
  // For one this small mke2fs would choose blocks of 1024 bytes, and no disk with sectors of
  // 4096 mounts those: the volume may be restored to one.
  return make_file_system("ext4", {"-m", "0", "-b", "4096"}, device);
}

Result<> grow_file_system(const std::string& type, const std::string& device,
                          const std::string& mount_point) {
  const std::string what = "cannot grow the file system on '" + mount_point + "'";
  Result<std::uint64_t> part = std::uint64_t{1};
  if (type == "btrfs") part = number_in_btrfs(mount_point, device);
  if (!part) return part.error();
  const auto command = grow_command(type, device, mount_point, *part);
  if (command.empty())
    return Error{Code::refused, what, "'" + type + "' cannot grow while it is mounted",
                 "unmount it and grow it by its own tools"};
  const auto grown = run_ok(command, what, {.keeps_lock = true});
  if (!grown) return without_program(grown.error(), type);
  return Ok{};
}

}  // namespace latchkey
