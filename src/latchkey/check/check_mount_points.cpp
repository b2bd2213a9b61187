// SPDX-License-Identifier: GPL-3.0-or-later
// Could each volume be mounted where it belongs? Only looked at, never made.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/mount/mount_place.hpp"
#include "latchkey/check/check.hpp"
#include "sys/mount/guard_list.hpp"
#include "sys/mount/mount.hpp"
#include "sys/mount/mount_point.hpp"

namespace latchkey {
namespace {

constexpr std::size_t most_names = 3;

// Something is mounted there: its root lies in another file system, or is the
// root of a mount, which no directory has as its child.
bool is_mounted(const MountPoint& point) {
  struct statx inner {};
  struct statx outer {};
  constexpr int flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;
  if (::statx(point.directory.get(), "", flags, STATX_MNT_ID, &inner) != 0 ||
      ::statx(point.parent.get(), "", flags, STATX_MNT_ID, &outer) != 0)
    return false;
  return (inner.stx_mask & outer.stx_mask & STATX_MNT_ID) != 0 &&
         inner.stx_mnt_id != outer.stx_mnt_id;
}

Finding look_at(const Volume& volume, const std::string& path) {
  if (const auto used = mount_place_error(volume.mount_point)) return bad(*used);
  const std::string what = "the mount point of '" + volume.name + "', '" + path + "'";
  const auto point = open_mount_point(path, false);
  if (!point && point.error().code == Code::missing) return good(what + ", will be made");
  if (!point) return bad(point.error());
  if (is_mounted(*point)) {
    // In a test's root nothing of ours is mounted.
    if (path != volume.mount_point || mounted_in_place(volume)) return good(what + ", is in use");
    return doubtful({Code::busy, what + ", has something else mounted on it",
                     "no release mounts the volume over that",
                     "see: findmnt " + shell_word(path) + "; unmount it, then: release-services"});
  }
  const auto content = list_files(point->directory, most_names);
  if (!content) return doubtful(content.error());
  if (content->count == 0) return good(what + ", is empty");
  std::string names = "'" + join(content->names, "', '") + "'";
  if (content->count > content->names.size())
    names += " and " + std::to_string(content->count - content->names.size()) + " more";
  return doubtful({Code::refused, what + ", holds files while the volume is not mounted",
                   "a mount would hide " + names,
                   "move them away, or into the volume once it is mounted elsewhere"});
}

}  // namespace

Findings check_mount_points(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  if (!inputs.volumes) return out;
  for (const Volume& volume : *inputs.volumes)
    if (is_released(volume)) {
      if (auto option = option_without_effect(volume)) out.push_back(doubtful(std::move(*option)));
      out.push_back(look_at(volume, paths.root + volume.mount_point));
    }
  for (const std::string& place : guarded_places(paths))
    if (std::ranges::find(*inputs.volumes, place, &Volume::mount_point) == inputs.volumes->end() &&
        is_guarded(paths.root + place))
      out.push_back(
          doubtful({Code::refused, "nobody can write into '" + printable(place) + "'",
                    "it was guarded as the mount point of a volume, and no line of "
                    "/etc/latchkey/volumes names it any more",
                    is_mount_point(paths.root + place)
                        ? "run: release-services"
                        : "run: release-services; or: chattr -R -i " + shell_word(place)}));
  return out;
}

}  // namespace latchkey
