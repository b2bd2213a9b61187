// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/mount/volume_links.hpp"

#include <filesystem>

#include "core/mount/fstab_line.hpp"

namespace latchkey {

namespace fs = std::filesystem;

std::vector<std::string> places_of(const std::string& root, const Volume& volume) {
  if (volume.mount_point.empty()) return {};
  std::vector<std::string> out{volume.mount_point};
  for (const fs::path directory : {"/", "/var", "/var/lib"}) {
    if (lies_on(directory.string(), volume.mount_point)) continue;
    std::error_code failed;
    for (fs::directory_iterator at(root + directory.string(), failed), end; !failed && at != end;
         at.increment(failed)) {
      std::error_code other;
      if (!at->is_symlink(other)) continue;  // as the directory says: nothing is asked
      const fs::path leads = fs::read_symlink(at->path(), other);
      const fs::path target = (directory / leads).lexically_normal();
      if (!other && lies_on(target.string(), volume.mount_point))
        out.push_back((directory / at->path().filename()).string());
    }
  }
  return out;
}

std::vector<PlacedVolume> placed_volumes(const std::string& root,
                                         const std::vector<Volume>& volumes) {
  std::vector<PlacedVolume> out;
  for (const Volume& volume : volumes)
    if (is_released(volume)) out.push_back({&volume, places_of(root, volume)});
  return out;
}

}  // namespace latchkey
