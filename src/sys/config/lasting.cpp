// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/config/lasting.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <cerrno>
#include <filesystem>
#include <string_view>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/mount_id.hpp"

namespace latchkey {
namespace {

bool lies_in_memory(const struct statfs& info) {
  return info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC;
}

// Where the overlay that a path lies on keeps what is written; empty where nothing says so.
std::string upper_layer(const std::string& path) {
  const auto id = mount_id(path);
  if (!id) return {};
  const std::string head = std::to_string(*id) + " ";
  const std::string mounts = text_or_empty("/proc/self/mountinfo", 16UL << 20);
  for (const std::string_view line : split_lines(mounts)) {
    if (!line.starts_with(head)) continue;
    constexpr std::string_view option = "upperdir=";
    for (const std::string& word : split(split_fields(line).back().text, ','))
      if (word.starts_with(option)) return word.substr(option.size());
  }
  return {};
}

}  // namespace

std::optional<std::string> why_not_lasting(const std::string& directory) {
  std::filesystem::path path = directory;
  struct statfs info {};
  while (::statfs(path.c_str(), &info) != 0) {
    if (errno != ENOENT || path == path.parent_path()) return {};
    path = path.parent_path();
  }
  if (lies_in_memory(info)) return "'" + printable(path.string()) + "' lies in memory";
  if (info.f_type != OVERLAYFS_SUPER_MAGIC) return {};
  const std::string upper = upper_layer(path.string());
  if (upper.empty() || ::statfs(upper.c_str(), &info) != 0 || !lies_in_memory(info)) return {};
  return "'" + printable(path.string()) + "' lies in an overlay, which keeps changes in memory";
}

std::optional<Error> settings_are_lost(const Paths& paths) {
  const auto why = paths.root.empty() ? why_not_lasting(paths.etc()) : std::nullopt;
  if (!why) return {};
  return Error{
      Code::refused, "what is set up now is gone at the next boot, and disks keep it", *why,
      "boot without the overlay (as by overlayroot=disabled on the kernel's command line), "
      "then run this"};
}

}  // namespace latchkey
