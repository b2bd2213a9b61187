// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/mount/mount.hpp"

#include <fcntl.h>
#include <libmount/libmount.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/config/volume.hpp"
#include "core/mount/fsck.hpp"
#include "core/mount/fstab_line.hpp"
#include "core/mount/mount_place.hpp"
#include "sys/base/handle.hpp"
#include "sys/base/kmsg.hpp"
#include "sys/mount/fsck.hpp"
#include "sys/mount/guard_list.hpp"
#include "sys/mount/mount_point.hpp"
#include "sys/mount/mount_users.hpp"
#include "sys/mount/mounts_above.hpp"
#include "sys/mount/network_mount.hpp"
#include "sys/mount/xfs.hpp"
#include "sys/storage/btrfs.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/dm.hpp"

namespace latchkey {
namespace {

using Table = Handle<libmnt_table, mnt_unref_table>;
using Context = Handle<libmnt_context, mnt_free_context>;

Table read_mounts() { return Table(mnt_new_table_from_file("/proc/self/mountinfo")); }

// True when this mount shows the file system on `device`. btrfs gives its mounts
// a number of their own, so the source's path counts as well.
bool shows(libmnt_fs* fs, dev_t device) {
  if (mnt_fs_get_devno(fs) == device) return true;
  const std::string path = text_of(mnt_fs_get_source(fs));
  // "proc" would be looked up below the working directory, which may be on a disk that hangs.
  const auto source = path.starts_with('/') ? block_device(path) : std::nullopt;
  return source && *source == device;
}

// The same for a mount at the volume's own place, where a btrfs of several volumes shows
// perhaps another of them. Elsewhere that says nothing: each may have a place of its own.
bool shows_in_place(libmnt_fs* fs, dev_t device) {
  if (shows(fs, device)) return true;
  const auto source = block_device(text_of(mnt_fs_get_source(fs)));
  return source && text_of(mnt_fs_get_fstype(fs)) == "btrfs" && same_btrfs(*source, device);
}

// The first mount of the table for which this holds, or nullptr.
template <class Holds>
libmnt_fs* find_mount(libmnt_table* table, const Holds& holds) {
  if (table == nullptr) return nullptr;
  const Handle<libmnt_iter, mnt_free_iter> iterator(mnt_new_iter(MNT_ITER_FORWARD));
  libmnt_fs* fs = nullptr;
  while (iterator && mnt_table_next_fs(table, iterator.get(), &fs) == 0)
    if (holds(fs)) return fs;
  return nullptr;
}

// The mount that a path leads to, or nullptr. A line of the table may be for the same path
// and yet be hidden, by one over it or over a directory above it.
libmnt_fs* shown_at(libmnt_table* table, const std::string& path) {
  struct statx info {};
  constexpr int flags = AT_NO_AUTOMOUNT | AT_SYMLINK_NOFOLLOW;
  if (::statx(AT_FDCWD, path.c_str(), flags, STATX_MNT_ID, &info) != 0)
    // One that was shut down after an error is there, and cannot be looked at.
    return table == nullptr || errno == ENOENT || errno == ENOTDIR
               ? nullptr
               : mnt_table_find_target(table, path.c_str(), MNT_ITER_BACKWARD);
  return find_mount(table, [&](libmnt_fs* fs) {
    return static_cast<std::uint64_t>(mnt_fs_get_id(fs)) == info.stx_mnt_id;
  });
}

// What is on top at a path, or nullptr.
libmnt_fs* mounted_at(libmnt_table* table, const std::string& path) {
  libmnt_fs* fs = shown_at(table, path);
  return fs != nullptr && text_of(mnt_fs_get_target(fs)) == path ? fs : nullptr;
}

std::string taken_by(libmnt_fs* fs) {
  return "'" + printable(text_of(mnt_fs_get_source(fs))) + "' is mounted on its mount point '" +
         text_of(mnt_fs_get_target(fs)) + "'";
}

// Notes where the file system on `device` is mounted, if not in sight at `place`.
void note_elsewhere(VolumeFacts& fact, libmnt_table* table, dev_t device,
                    const std::string& place) {
  libmnt_fs* fs = find_mount(table, [&](libmnt_fs* one) { return shows(one, device); });
  if (fs == nullptr) return;
  const std::string where = text_of(mnt_fs_get_target(fs));
  const std::string text = "its file system is mounted on '" + printable(where) + "'";
  if (where != place) {
    // Of a btrfs that may be another subvolume.
    (text_of(mnt_fs_get_fstype(fs)) == "btrfs" ? fact.elsewhere : fact.taken) = text;
    return;
  }
  libmnt_fs* over = shown_at(table, place.substr(0, place.rfind('/') + 1));
  fact.taken =
      text + ", which " +
      (over == nullptr ? "another mount"
                       : "the mount on '" + printable(text_of(mnt_fs_get_target(over))) + "'") +
      " hides";
}

// What is mounted below a path, or nothing.
std::optional<std::string> mounted_below(libmnt_table* table, const std::string& path) {
  const Handle<libmnt_iter, mnt_free_iter> iterator(mnt_new_iter(MNT_ITER_BACKWARD));
  libmnt_fs* fs = nullptr;
  while (iterator && mnt_table_next_fs(table, iterator.get(), &fs) == 0)
    if (text_of(mnt_fs_get_target(fs)).starts_with(path + "/"))
      return printable(text_of(mnt_fs_get_target(fs)));
  return {};
}

Error busy_error(const std::string& what, const Volume& volume, libmnt_table* mounts,
                 dev_t file_system) {
  if (const auto below = mounted_below(mounts, volume.mount_point))
    return {Code::busy, what, "'" + *below + "' is mounted below it", "unmount that first"};
  const auto users = users_of(file_system);
  if (users.empty())
    return {Code::busy, what, "the kernel itself uses it (a loop device, swap, an NFS export)",
            "see: losetup -a, swapon, exportfs"};
  return {Code::busy, what, "in use by " + users_text(users), "end them, then run this again"};
}

// Where the XFS is mounted of which the volume's is a copy: the kernel refuses it with the
// same word as a damaged one.
std::optional<std::string> mounted_original(const Volume& volume) {
  const Table mounts = read_mounts();
  libmnt_fs* fs = find_mount(mounts.get(), [&](libmnt_fs* one) {
    return text_of(mnt_fs_get_fstype(one)) == "xfs" &&
           same_xfs(text_of(mnt_fs_get_source(one)), mapping_path(volume));
  });
  return fs == nullptr ? std::nullopt : std::optional(printable(text_of(mnt_fs_get_target(fs))));
}

Error mount_error(int error, const std::string& what, const Volume& volume) {
  const std::string type = type_of(volume);
  const std::string check = type == "auto" ? "look with: blkid " + mapping_path(volume)
                                           : "run: " + repair_command(type, mapping_path(volume));
  switch (error) {
    case ENODEV:
      return {Code::kernel, what, "the kernel knows no file system '" + type + "'",
              "run: modprobe " + type};
    case EINVAL:
      if (const auto original = type == "xfs" ? mounted_original(volume) : std::nullopt)
        return {Code::refused, what,
                "it is a copy of the file system on '" + *original +
                    "' and has the same UUID, and the kernel mounts no two such",
                "add the option nouuid to its line in /etc/latchkey/volumes, or run once: "
                "xfs_admin -U generate " +
                    mapping_path(volume) + "; then: release-services"};
      if (type == "btrfs")
        return {Code::damaged, what,
                "there is no readable btrfs on it, one of its disks is missing, or a mount option "
                "is wrong",
                "see: dmesg, btrfs filesystem show; with a disk missing, add the option degraded "
                "to its line in /etc/latchkey/volumes until that is replaced; else " +
                    check};
      return {Code::damaged, what,
              "there is no readable " + (type == "auto" ? std::string() : type + " ") +
                  "file system on it, or a mount option is wrong",
              "see: dmesg; " + check};
    case EUCLEAN:
    case EBADMSG:
      return {Code::damaged, what, "its file system is damaged", check};
    case EROFS:
      return {Code::io, what, "its device can only be read", "add the option ro if that is meant"};
    default:
      return system_error(error, what, "see: dmesg");
  }
}

Error stray_error(const std::string& what, const Volume& volume, const Content& content) {
  std::string names = "'" + join(content.names, "', '") + "'";
  if (content.count > content.names.size())
    names += " and " + std::to_string(content.count - content.names.size()) + " more";
  return {Code::refused, what,
          "its mount point '" + volume.mount_point + "' holds files that it would hide: " + names,
          "move them away, then: release-services; or run: release-services --over-files"};
}

// What is for the kernel. libmount would do X-mount.… by the target's path, which it has not.
std::string kernel_options(const Volume& volume) {
  auto options = split(volume.mount_options, ',');
  std::erase_if(options, [](const auto& option) { return option.starts_with("X-mount."); });
  return join(options, ",");
}

Result<> do_mount(const Volume& volume, const MountPoint& point, const std::string& what) {
  const Context context(mnt_new_context());
  if (!context)
    return Error{Code::memory, what, "not enough memory", "add memory, or end what uses it"};
  libmnt_context* cxt = context.get();
  // The directory was found once, safely; by its descriptor nobody can put
  // another in its place. The dot makes the kernel follow the descriptor's link
  // whichever system call libmount uses, and libmount may not resolve it itself.
  const std::string target =
      "/proc/self/fd/" + std::to_string(point.directory.get()) + "/.";
  mnt_context_disable_canonicalize(cxt, 1);
  mnt_context_disable_helpers(cxt, 1);
  mnt_context_disable_mtab(cxt, 1);
  // Silently read-only is not what the owner wrote.
  mnt_context_enable_rwonly_mount(cxt, 1);
  int failed = mnt_context_set_source(cxt, mapping_path(volume).c_str());
  if (failed == 0) failed = mnt_context_set_target(cxt, target.c_str());
  if (failed == 0 && volume.fs_type != "auto")
    failed = mnt_context_set_fstype(cxt, volume.fs_type.c_str());
  const std::string options = kernel_options(volume);
  if (failed == 0 && !options.empty()) failed = mnt_context_set_options(cxt, options.c_str());
  if (failed != 0) return system_error(-failed, what);
  const int result = mnt_context_mount(cxt);
  if (result == 0 && mnt_context_get_status(cxt) != 0) return Ok{};
  if (mnt_context_syscall_called(cxt) != 0)
    return mount_error(mnt_context_get_syscall_errno(cxt), what, volume);
  return mount_error(result < 0 ? -result : EINVAL, what, volume);
}

}  // namespace

std::optional<Error> option_without_effect(const Volume& volume) {
  for (const std::string& option : split(volume.mount_options, ','))
    if (option.starts_with("X-mount.") && !option.starts_with("X-mount.mkdir"))
      return Error{Code::config, "the line of '" + volume.name + "' asks for what no release does",
                   "its option " + printable(option) + " is mount(8)'s own",
                   "take it out of its line in /etc/latchkey/volumes; owner and mode can be set "
                   "once, on the mounted volume"};
  return {};
}

std::optional<std::string> where_mounted(dev_t device) {
  const Table mounts = read_mounts();
  libmnt_fs* fs = find_mount(mounts.get(), [&](libmnt_fs* one) { return shows(one, device); });
  if (fs == nullptr) return {};
  return printable(text_of(mnt_fs_get_target(fs)));
}

Result<> mount_volume(const Volume& volume, bool over_files) {
  const std::string what = "cannot mount '" + volume.name + "'";
  for (const std::string& option : split(volume.mount_options, ','))
    // Without these it would be another tree, or others' files.
    if (option.starts_with("X-mount.subdir") || option.starts_with("X-mount.idmap"))
      return Error{Code::config, what, "its option " + printable(option) + " is mount(8)'s own",
                   "take it out of its line in /etc/latchkey/volumes, and have a unit of yours, "
                   "held by latchkey hold, make the other mount out of the volume"};
  await_node(volume.mapping);  // with x-latchkey.nofsck this comes first
  const auto device = block_device(mapping_path(volume));
  if (!device)
    return Error{Code::missing, what, mapping_path(volume) + " is not there",
                 "run: latchkey unlock"};
  const auto point = open_mount_point(volume.mount_point, true);
  if (!point)
    return Error{point.error().code, what, sentence(point.error()), point.error().hint};
  {
    const Table before = read_mounts();
    if (libmnt_fs* fs = mounted_at(before.get(), volume.mount_point)) {
      if (shows_in_place(fs, *device)) return Ok{};
      return Error{Code::busy, what, taken_by(fs), "unmount that, then: release-services"};
    }
  }
  const auto content = list_files(point->directory, 5);
  if (!content)
    return Error{content.error().code, what, sentence(content.error()), content.error().hint};
  if (content->count > 0 && !over_files) return stray_error(what, volume, *content);
  // A file system that knows no such flag, or a container that may not set it,
  // is no reason to keep the data away: the held units' conditions stay.
  if (content->count == 0 && !used_by_boot(volume.mount_point))
    (void)guard_with_inner(point->directory, true);
  const bool network = needs_network(volume);
  if (network)
    if (const auto noted = note_network_mount(volume); !noted)
      kmsg(sentence(noted.error()), Loudness::warning);
  const auto done = do_mount(volume, *point, what);
  // Also when that failed: the system itself may have mounted it in the same moment.
  if (mounted_in_place(volume)) return Ok{};
  if (network) drop_network_mount(volume);
  if (!done) return done;
  return Error{Code::io, what, "it was mounted, but does not show at '" + volume.mount_point + "'",
               "see: findmnt"};
}

bool mounted_in_place(const Volume& volume) {
  const auto device = block_device(mapping_path(volume));
  const Table mounts = read_mounts();
  libmnt_fs* fs = mounted_at(mounts.get(), volume.mount_point);
  return fs != nullptr && device && shows_in_place(fs, *device);
}

Result<> unmount_volume(const Volume& volume) {
  const std::string what = "cannot unmount '" + volume.name + "'";
  const auto device = block_device(mapping_path(volume));
  // More layers than a person would stack are a loop of somebody else's.
  for (int layer = 0; device && layer < 16; ++layer) {
    const Table mounts = read_mounts();
    libmnt_fs* fs = mounted_at(mounts.get(), volume.mount_point);
    if (fs == nullptr || !shows_in_place(fs, *device)) break;
    Result<MountPoint> point = open_mount_point(volume.mount_point, false);
    if (!point) return Error{point.error().code, what, sentence(point.error()), point.error().hint};
    struct stat info {};
    const bool known = ::fstat(point->directory.get(), &info) == 0;
    // Our own descriptor would keep it busy; its parent's does not.
    point->directory.reset();
    const std::string path =
        "/proc/self/fd/" + std::to_string(point->parent.get()) + "/" + point->leaf;
    if (::umount2(path.c_str(), UMOUNT_NOFOLLOW) == 0) continue;
    if (errno != EBUSY) return system_error(errno, what);
    return busy_error(what, volume, mounts.get(), known ? info.st_dev : *device);
  }
  (void)guard_mount_point(volume.mount_point, false);
  if (needs_network(volume)) drop_network_mount(volume);
  return Ok{};
}

std::vector<Error> follow_volumes(const Setup& setup, const Paths& paths) {
  std::vector<std::string> places;  // those inside others get a guard when they are mounted
  for (const Volume& volume : setup.volumes)
    if (is_released(volume) && !used_by_boot(volume.mount_point))
      places.push_back(volume.mount_point);
  return follow_guards(paths, std::move(places));
}

std::vector<Error> guard_mount_points(const Setup& setup, const Paths& paths) {
  std::vector<Error> failed = follow_volumes(setup, paths);
  for (const Volume& volume : setup.volumes) {
    const auto inside = [&](const Volume& other) {
      return other.name != volume.name && other.mount_point != "/" &&
             lies_on(volume.mount_point, other.mount_point);
    };
    if (!is_released(volume) || std::ranges::any_of(setup.volumes, inside) ||
        !missing_above(setup, paths, volume).empty())
      continue;
    if (const auto done = guard_mount_point(volume.mount_point, true); !done)
      failed.push_back(done.error());
  }
  return failed;
}

void probe_mounts(Facts& facts, const Setup& setup) {
  const Table mounts = read_mounts();
  for (const Volume& volume : setup.volumes) {
    if (volume.mount_point.empty()) continue;
    VolumeFacts& fact = facts.volumes[volume.name];
    const auto device = block_device(mapping_path(volume));
    libmnt_fs* fs = mounted_at(mounts.get(), volume.mount_point);
    fact.mounted = fs != nullptr && device && shows_in_place(fs, *device);
    if (fact.mounted || !fact.taken.empty()) continue;
    if (fs != nullptr) {
      fact.taken = taken_by(fs);
      continue;
    }
    if (device) note_elsewhere(fact, mounts.get(), *device, volume.mount_point);
    struct stat info {};
    if (fact.taken.empty() && fact.elsewhere.empty() &&
        ::lstat(volume.mount_point.c_str(), &info) == 0 && !S_ISDIR(info.st_mode) &&
        !S_ISLNK(info.st_mode))
      fact.taken = "its mount point '" + volume.mount_point + "' is not a directory";
  }
}

}  // namespace latchkey
