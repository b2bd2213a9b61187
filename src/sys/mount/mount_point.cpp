// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/mount/mount_point.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>

#include "core/base/text.hpp"
#include "core/mount/mount_place.hpp"
#include "sys/base/handle.hpp"

namespace latchkey {
namespace {

using Directory = Handle<DIR, closedir>;

std::string proc_path(const Fd& fd) { return "/proc/self/fd/" + std::to_string(fd.get()); }

// Why somebody else than root could replace what lies in this directory.
std::optional<std::string> writable_by_others(const Fd& directory) {
  struct stat info {};
  if (::fstat(directory.get(), &info) != 0) return "it cannot be examined";
  if (info.st_uid != 0) return "it belongs to user " + std::to_string(info.st_uid);
  if ((info.st_mode & S_IWOTH) != 0) return "everybody can write in it";
  if ((info.st_mode & S_IWGRP) == 0) return {};
  if (info.st_gid != 0) return "group " + std::to_string(info.st_gid) + " can write in it";
  // With an access list the group's bits are the most that any entry grants.
  if (::getxattr(proc_path(directory).c_str(), "system.posix_acl_access", nullptr, 0) > 0)
    return "its access list lets others write in it";
  return {};
}

Error walk_error(int error, const std::string& what, const std::string& part, bool is_link) {
  if (is_link)
    return {Code::refused, what, "'" + part + "' is a symbolic link",
            "write the path it leads to into /etc/latchkey/volumes"};
  if (error == ENOTDIR)
    return {Code::busy, what, "'" + part + "' is not a directory",
            "move it away, then: release-services"};
  return system_error(error, what + " at '" + part + "'");
}

constexpr int deepest = 8;  // levels of directories that are looked into
constexpr std::size_t most_entries = 100000;

Result<std::vector<std::string>> entries(int directory) {
  const std::string what = "cannot list a directory";
  Fd readable(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!readable) return system_error(errno, what);
  const Directory stream(::fdopendir(readable.get()));
  if (!stream) return system_error(errno, what);
  (void)readable.release();  // the stream owns it now
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    if (names.size() >= most_entries) break;
  }
  std::ranges::sort(names);
  return names;
}

// True for a file of any kind, and for a directory with one somewhere below.
bool holds_file(int parent, const std::string& name, int depth) {
  const Fd directory(
      ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory || depth == 0) return true;
  const auto below = entries(directory.get());
  return !below || std::ranges::any_of(*below, [&](const std::string& inner) {
    return holds_file(directory.get(), inner, depth - 1);
  });
}

bool is_root_of_mount(const Fd& directory) {
  struct statx info {};
  return ::statx(directory.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &info) == 0 &&
         (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

bool has_guard(const Fd& readable) {
  int flags = 0;
  return ::ioctl(readable.get(), FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_IMMUTABLE_FL) != 0;
}

// Guards it, or no more, with the directories in it that hold no file and are nobody's mount. The
// guard is also taken from those in which somebody has made room for a file since. One of them
// is open at a time on each level: there may be thousands.
Result<bool> guard_to(const Fd& directory, bool on, int depth) {
  const auto done = set_guard(directory, on);
  if (!done || !*done || depth == 0) return done;
  const auto names = entries(directory.get());
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const Fd inner(
        ::openat(directory.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner && errno != ENOTDIR && errno != ELOOP && errno != ENOENT)
      return system_error(errno, "cannot look into the mount point's '" + printable(name) + "'");
    if (!inner || is_root_of_mount(inner)) continue;
    if (on && holds_file(directory.get(), name, depth)) continue;
    if (auto deeper = guard_to(inner, on, depth - 1); !deeper) return deeper;
  }
  return true;
}

bool is_link(const Fd& parent, const std::string& name) {
  struct stat info {};
  return ::fstatat(parent.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(info.st_mode);
}

// The mount point itself, below whatever is mounted on it.
Result<Fd> open_below(const std::string& path, bool create) {
  auto point = open_mount_point(path, create);
  if (!point) return point.error();
  // A clone of the parent's mount alone shows what lies below other mounts.
  const Fd clone(::open_tree(point->parent.get(), "",
                             AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!clone) return system_error(errno, "cannot look below '" + path + "'");
  Fd below(::openat(clone.get(), point->leaf.c_str(),
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!below) return system_error(errno, "cannot look below '" + path + "'");
  return below;
}

}  // namespace

std::string without_links(const std::string& root, const std::string& path) {
  std::error_code failed;
  const std::string top = root.empty() ? "" : std::filesystem::canonical(root, failed).string();
  const std::string real =
      failed ? "" : std::filesystem::weakly_canonical(root + path, failed).string();
  if (failed || !real.starts_with(top + "/")) return path;
  return real.substr(top.size());
}

bool is_mount_point(const std::string& path) {
  struct statx info {};
  return ::statx(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &info) == 0 &&
         (info.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0 &&
         (info.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

Result<MountPoint> open_mount_point(const std::string& path, bool create) {
  const std::string what = "cannot use the mount point '" + path + "'";
  constexpr int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  MountPoint out{Fd(), Fd(::open("/", flags)), ""};
  std::string walked;
  for (const std::string& name : split(path.substr(1), '/')) {
    if (const auto why = writable_by_others(out.directory))
      return Error{Code::refused, what, "'" + (walked.empty() ? "/" : walked) + "': " + *why,
                   "let only root write there, or choose another mount point"};
    walked += "/" + name;
    out.parent = std::move(out.directory);
    out.leaf = name;
    // Whatever the umask, 0755: the data's owners need to get through.
    if (create && ::mkdirat(out.parent.get(), name.c_str(), 0755) == 0 &&
        ::fchmodat(out.parent.get(), name.c_str(), 0755, 0) != 0)
      return system_error(errno, what + " at '" + walked + "'");
    out.directory = Fd(::openat(out.parent.get(), name.c_str(), flags));
    if (!out.directory) {
      const int error = errno;
      return walk_error(error, what, walked, is_link(out.parent, name));
    }
  }
  return out;
}

Result<Content> list_files(const Fd& directory, std::size_t most) {
  const auto all = entries(directory.get());
  if (!all) return all.error();
  Content out;
  for (const std::string& name : *all)
    if (holds_file(directory.get(), name, deepest)) {
      ++out.count;
      if (out.names.size() < most) out.names.push_back(printable(name));
    }
  return out;
}

Result<bool> set_guard(const Fd& directory, bool on) {
  const std::string what = on ? "cannot guard a mount point" : "cannot unguard a mount point";
  const Fd readable(::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!readable) return system_error(errno, what);
  int flags = 0;
  if (::ioctl(readable.get(), FS_IOC_GETFLAGS, &flags) != 0) {
    if (errno == ENOTTY || errno == EOPNOTSUPP || errno == EINVAL) return false;
    return system_error(errno, what);
  }
  const int wanted = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
  if (wanted == flags) return true;
  if (::ioctl(readable.get(), FS_IOC_SETFLAGS, &wanted) == 0) return true;
  if (errno == ENOTTY || errno == EOPNOTSUPP || errno == EINVAL) return false;
  return system_error(errno, what);
}

Result<bool> guard_with_inner(const Fd& directory, bool on) {
  return guard_to(directory, on, deepest);
}

Result<> guard_mount_point(const std::string& path, bool create) {
  if (used_by_boot(path)) return Ok{};
  const auto below = open_below(path, create);
  if (!below) return below.error().code == Code::missing ? Result<>(Ok{}) : below.error();
  const auto content = list_files(*below, 1);
  if (!content) return content.error();
  if (content->count > 0) return Ok{};
  const auto done = guard_with_inner(*below, true);
  if (!done) return done.error();
  return Ok{};
}

Result<> unguard_mount_point(const std::string& path) {
  const auto below = open_below(path, false);
  if (!below) return below.error();
  const auto done = guard_with_inner(*below, false);
  if (!done) return done.error();
  return Ok{};
}

bool is_guarded(const std::string& path) {
  const auto below = open_below(path, false);
  return below && has_guard(*below);
}

}  // namespace latchkey
