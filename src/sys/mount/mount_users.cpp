// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/mount/mount_users.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/process_stat.hpp"
#include "sys/process/worker.hpp"
#include "sys/storage/device_number.hpp"

namespace latchkey {
namespace {

constexpr std::chrono::seconds search_bound{10};

std::vector<pid_t> processes() {
  std::vector<pid_t> pids;
  for (const std::string& name : names_in("/proc"))
    if (const auto pid = parse_number(name, 1UL << 30)) pids.push_back(static_cast<pid_t>(*pid));
  std::ranges::sort(pids);
  return pids;
}

std::string proc(pid_t pid, const std::string& file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

// What the kernel knows of it by itself: nobody is asked.
std::optional<struct statx> known_of(const std::string& path) {
  struct statx info {};
  if (::statx(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_TYPE, &info) != 0)
    return {};
  return info;
}

bool lies_on(const std::string& path, dev_t device) {
  const auto info = known_of(path);
  // A device node on it is no use of it, but an open file of any kind is.
  return info && makedev(info->stx_dev_major, info->stx_dev_minor) == device;
}

bool is_device(const std::string& path, dev_t device) {
  const auto info = known_of(path);
  return info && S_ISBLK(info->stx_mode) &&
         makedev(info->stx_rdev_major, info->stx_rdev_minor) == device;
}

// By its line `flags:`, octal (proc_pid_fdinfo(5)).
bool is_open_for_writing(pid_t pid, const std::string& descriptor) {
  const std::string text = text_or_empty(proc(pid, "fdinfo/" + descriptor), 4096);
  for (const std::string_view line : split_lines(text)) {
    const auto fields = split_fields(line);
    if (fields.size() > 1 && fields[0].text == "flags:")
      return (std::strtoul(fields[1].text.c_str(), nullptr, 8) & O_ACCMODE) != O_RDONLY;
  }
  return false;
}

bool maps_from(pid_t pid, dev_t device) {
  // Its lines: range, permissions, offset, device as hex major:minor, …
  char wanted[32];
  std::snprintf(wanted, sizeof wanted, "%02x:%02x", major(device), minor(device));
  const auto text = read_file(proc(pid, "maps"), 64UL << 20);
  if (!text) return false;
  return std::ranges::any_of(split_lines(*text), [&](std::string_view line) {
    const std::vector<Field> fields = split_fields(line);
    return fields.size() > 4 && fields[3].text == wanted && fields[4].text != "0";
  });
}

// A thread that waits for a disk may hold its process's map for as long, and who reads that map
// waits with it. Its state can be read without.
bool waits_in_kernel(pid_t pid) {
  for (const std::string& thread : names_in(proc(pid, "task"))) {
    const auto stat = stat_behind_name(proc(pid, "task/" + thread + "/stat"));
    if (stat && stat->starts_with('D')) return true;
  }
  return false;
}

bool has_open(pid_t pid, dev_t device) {
  for (const char* link : {"cwd", "root", "exe"})
    if (lies_on(proc(pid, link), device)) return true;
  const std::string fds = proc(pid, "fd");
  return std::ranges::any_of(names_in(fds),
                             [&](const auto& fd) { return lies_on(fds + "/" + fd, device); });
}

// Looks at every process but its caller and itself, and notes what it finds as lines: `? PID` for
// one that it begins to ask, `+ PID` for one that uses the file system, `- PID` for one that does
// not.
void note_users(int notes, dev_t device, pid_t caller) {
  const auto note = [&](char kind, pid_t pid) {
    (void)write_all(notes, std::string(1, kind) + " " + std::to_string(pid) + "\n");
  };
  for (const pid_t pid : processes()) {
    if (pid == caller || pid == ::getpid()) continue;
    if (has_open(pid, device)) {
      note('+', pid);
    } else if (!waits_in_kernel(pid)) {
      note('?', pid);
      note(maps_from(pid, device) ? '+' : '-', pid);
    }
  }
}

MountUser describe_process(pid_t pid) {
  const auto name = read_file(proc(pid, "comm"));
  return {pid, name ? printable(trim(*name)) : std::string("a process")};
}

// The numbers of the mounts of a device in a list of mounts.
std::set<std::string> mounts_of(const std::string& list, const std::string& device) {
  std::set<std::string> out;
  const auto text = read_file(list, 16UL << 20);
  if (!text) return out;
  for (const std::string_view line : split_lines(*text)) {
    if (line.find(" " + device + " ") == std::string_view::npos) continue;
    const std::vector<Field> fields = split_fields(line);
    if (fields.size() > 2 && fields[2].text == device) out.insert(fields[0].text);
  }
  return out;
}

std::string link_text(const std::string& path) {
  std::array<char, 256> text{};
  const ssize_t size = ::readlink(path.c_str(), text.data(), text.size());
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

std::string MountUser::text() const { return command + " (pid " + std::to_string(pid) + ")"; }

// In a child process: reading /proc/PID/maps blocks for as long as a task that shares the memory
// waits for a file system (FUSE), and any user can arrange that.
std::vector<MountUser> users_of(dev_t file_system) {
  const Fd notes(::memfd_create("users", MFD_CLOEXEC));
  const pid_t caller = ::getpid();
  const bool whole =
      notes && ends_within(search_bound, [&] { note_users(notes.get(), file_system, caller); });
  std::vector<MountUser> out;
  pid_t asked = 0;
  const std::string all = text_or_empty("/proc/self/fd/" + std::to_string(notes.get()), 64UL << 20);
  for (const std::string_view line : split_lines(all)) {
    const auto pid = parse_number(line.substr(std::min<std::size_t>(2, line.size())), 1UL << 30);
    if (!pid) continue;
    asked = 0;
    if (line.starts_with('+')) out.push_back(describe_process(static_cast<pid_t>(*pid)));
    if (line.starts_with('?')) asked = static_cast<pid_t>(*pid);
  }
  // It may use it as well: nobody can tell.
  if (!whole && asked != 0) out.push_back(describe_process(asked));
  return out;
}

std::vector<MountUser> namespaces_with(dev_t block_device) {
  const std::string number = number_text(block_device);
  std::set<std::string> seen{link_text("/proc/self/ns/mnt")};
  std::set<std::string> seen_mounts = mounts_of("/proc/self/mountinfo", number);
  std::vector<MountUser> out;
  for (const pid_t pid : processes()) {
    const std::string link = link_text(proc(pid, "ns/mnt"));
    if (!link.empty() && !seen.insert(link).second) continue;
    // Who may do more than we may keeps its link to itself, but not its mounts: no two
    // namespaces have one of the same number.
    const std::set<std::string> mounts = mounts_of(proc(pid, "mountinfo"), number);
    if (mounts.empty()) continue;
    const bool known = !seen_mounts.insert(*mounts.begin()).second;
    if (!known || !link.empty()) out.push_back(describe_process(pid));
  }
  return out;
}

std::vector<MountUser> writers_of(dev_t block_device) {
  std::vector<MountUser> out;
  for (const pid_t pid : processes()) {
    const std::string fds = proc(pid, "fd");
    if (pid != ::getpid() && std::ranges::any_of(names_in(fds), [&](const auto& fd) {
          return is_device(fds + "/" + fd, block_device) && is_open_for_writing(pid, fd);
        }))
      out.push_back(describe_process(pid));
  }
  return out;
}

bool has_own_mounts() {
  const std::string here = link_text("/proc/self/ns/mnt");
  const std::string first = link_text("/proc/1/ns/mnt");
  return !here.empty() && !first.empty() && here != first;
}

bool is_claimed(const std::string& device) {
  const Fd claim(::open(device.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK));
  return !claim && errno == EBUSY;
}

std::vector<MountUser> users_of_unmounted(dev_t block_device) {
  if (!mounts_of("/proc/self/mountinfo", number_text(block_device)).empty()) return {};
  return users_of(block_device);
}

std::string users_text(const std::vector<MountUser>& users) {
  constexpr std::size_t shown = 5;
  std::vector<std::string> words;
  for (std::size_t i = 0; i < std::min(shown, users.size()); ++i) words.push_back(users[i].text());
  std::string out = join(words, ", ");
  if (users.size() > shown) out += " and " + std::to_string(users.size() - shown) + " more";
  return out;
}

}  // namespace latchkey
