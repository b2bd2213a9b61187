// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/keys/keys_volume.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "core/base/text.hpp"
#include "core/mount/file_system.hpp"
#include "sys/base/handle.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/signature.hpp"

namespace latchkey {
namespace {

// Without replay nothing may be written, not even by the kernel: each file system
// has its own word for that.
struct FileSystem {
  const char* type;
  const char* no_replay;  // an option, or its name when it has a value
  const char* value;
};
constexpr std::array<FileSystem, 4> file_systems{{{"ext4", "noload", nullptr},
                                                  {"ext2", nullptr, nullptr},
                                                  {"xfs", "norecovery", nullptr},
                                                  {"btrfs", "rescue", "nologreplay"}}};

enum class Replay { no, yes };

// A mount without a directory. Gives its descriptor, or an empty one with errno.
Fd try_mount(const std::string& device, const FileSystem& fs, KeysAccess access, Replay replay) {
  const Fd context(::fsopen(fs.type, FSOPEN_CLOEXEC));
  if (!context) return {};
  const int fd = context.get();
  const bool read_only = access == KeysAccess::read;
  if (::fsconfig(fd, FSCONFIG_SET_STRING, "source", device.c_str(), 0) != 0) return {};
  if (read_only && ::fsconfig(fd, FSCONFIG_SET_FLAG, "ro", nullptr, 0) != 0) return {};
  if (replay == Replay::no && fs.no_replay != nullptr) {
    const auto command = fs.value == nullptr ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
    if (::fsconfig(fd, command, fs.no_replay, fs.value, 0) != 0) return {};
  }
  if (::fsconfig(fd, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return {};
  unsigned flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  if (read_only) flags |= MOUNT_ATTR_RDONLY;
  return Fd(::fsmount(fd, FSMOUNT_CLOEXEC, flags));
}

// The type of the device's file system, when it is one of ours and this kernel has no driver
// for it, nor one to load; else empty.
std::string type_without_driver(const std::string& device) {
  const auto type = find_signature(device);
  if (!type || !*type) return {};
  for (const FileSystem& fs : file_systems)
    if (**type == fs.type && !Fd(::fsopen(fs.type, FSOPEN_CLOEXEC)) && errno == ENODEV)
      return **type;
  return {};
}

Result<Fd> mount_detached(const std::string& device, KeysAccess access, Replay replay) {
  int error = 0;
  for (const FileSystem& fs : file_systems) {
    errno = 0;
    Fd mounted = try_mount(device, fs, access, replay);
    if (mounted) return mounted;
    // The first file system's answer is the telling one: ENODEV and EINVAL of the
    // others only say that they are not it.
    if (error == 0 || (error == EINVAL && errno != ENODEV)) error = errno;
  }
  if (error == ENOMEM) return system_error(error, "cannot mount the keys volume", "add memory");
  if (const std::string type = type_without_driver(device); !type.empty())
    return keys_without_driver(type);
  return Error{Code::damaged, "cannot mount the keys volume", std::strerror(error),
               "its file system may be damaged: see latchkey-recovery(7)"};
}

// Open mapping with removal already asked for: from here on the descriptor is
// all that keeps it.
Result<Fd> open_device(const KeysVolume& volume, const Secret& passphrase, KeysAccess access) {
  const MappingRequest request{.device = volume.device.path(),
                               .mapping = volume.mapping,
                               .name = "keys",
                               .uuid = volume.uuid,
                               .read_only = access == KeysAccess::read,
                               .hidden = true};
  if (auto opened = open_mapping(request, passphrase); !opened) return opened.error();
  const std::string node = "/dev/mapper/" + volume.mapping;
  Fd fd(::open(node.c_str(), O_RDONLY | O_CLOEXEC));
  Result<> held = fd ? close_mapping_when_unused(volume.mapping)
                     : Result<>(system_error(errno, "cannot open '" + node + "'"));
  if (held) return fd;
  fd.reset();
  (void)close_mapping(volume.mapping);
  return held.error();
}

Result<> wait_until_closed(const std::string& mapping) {
  const auto gone = [&] { return !find_mapping(mapping); };
  if (wait_for_devices(gone, std::chrono::seconds(2))) return Ok{};
  return close_mapping(mapping);
}

Error failed(const std::string& what) { return system_error(errno, what); }

}  // namespace

Result<OpenKeys> OpenKeys::open(const KeysVolume& volume, const Secret& passphrase,
                                KeysAccess access,
                                const std::function<void(const std::string&)>& say) {
  auto device = open_device(volume, passphrase, access);
  if (!device) return device.error();
  Replay replay = access == KeysAccess::write ? Replay::yes : Replay::no;
  if (access == KeysAccess::read && journal_is_dirty(device->get())) {
    say("the keys volume was not closed cleanly; its journal is replayed");
    device->reset();
    if (auto closed = wait_until_closed(volume.mapping); !closed) return closed.error();
    auto writable = open_device(volume, passphrase, KeysAccess::write);
    replay = writable ? Replay::yes : Replay::no;
    // A device that cannot be written still gives the keys that are not in the
    // journal, which is nearly always all of them.
    if (!writable) writable = open_device(volume, passphrase, KeysAccess::read);
    if (!writable) return writable.error();
    *device = std::move(*writable);
  }
  auto mount = mount_detached("/dev/mapper/" + volume.mapping, access, replay);
  // A mapping of a device that cannot be written was made all the same, only not to be written.
  if (!mount && access == KeysAccess::read && replay == Replay::yes)
    mount = mount_detached("/dev/mapper/" + volume.mapping, access, Replay::no);
  if (!mount) return mount.error();
  Fd directory(::openat(mount->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return failed("cannot read the keys volume");
  return OpenKeys(volume.mapping, std::move(*device), std::move(*mount), std::move(directory));
}

Result<Secret> OpenKeys::read(const std::string& file) const {
  return read_key_file(directory_.get(), file);
}

Result<> OpenKeys::write(const std::string& file, const Secret& content) const {
  const std::string temporary = "." + file + ".new";
  if (auto written = write_key_file(directory_.get(), file, temporary, content); !written)
    return written;
  return rename(temporary, file);
}

Result<> OpenKeys::rename(const std::string& from, const std::string& to) const {
  if (::renameat(directory_.get(), from.c_str(), directory_.get(), to.c_str()) != 0)
    return failed("cannot rename the key file '" + printable(from) + "'");
  return sync();
}

Result<> OpenKeys::remove(const std::string& file) const {
  if (::unlinkat(directory_.get(), file.c_str(), 0) != 0 && errno != ENOENT)
    return failed("cannot remove the key file '" + printable(file) + "'");
  return sync();
}

std::vector<std::string> OpenKeys::files() const {
  std::vector<std::string> names;
  const Handle<DIR, ::closedir> list(
      ::fdopendir(::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  if (!list) return names;
  while (const dirent* entry = ::readdir(list.get())) {
    struct stat info {};
    if (entry->d_name[0] != '.' &&
        ::fstatat(directory_.get(), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(info.st_mode))
      names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names);
  return names;
}

Result<> OpenKeys::sync() const {
  if (::fsync(directory_.get()) != 0) return failed("cannot write to the keys volume");
  return Ok{};
}

Result<> OpenKeys::close() {
  // An error of the last write would otherwise be told to nobody.
  if (directory_ && ::syncfs(directory_.get()) != 0)
    return failed("cannot write to the keys volume");
  directory_.reset();
  mount_.reset();
  device_.reset();
  return wait_until_closed(mapping_);
}

}  // namespace latchkey
