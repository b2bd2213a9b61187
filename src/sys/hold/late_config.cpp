// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/late_config.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "sys/base/mount_id.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

std::string copy_of(const std::string& file, const std::string& real) {
  std::error_code failed;
  if (!fs::is_symlink(file, failed)) return "move it to the file system of / itself";
  return "put a copy in place of the link: cp -r --remove-destination " +
         shell_word(printable(real)) + " " + shell_word(printable(file));
}

}  // namespace

std::vector<Error> late_config(const Paths& paths) {
  // Early boot mounts these; all others are mounted by systemd, which has asked its generators by
  // then.
  std::vector<std::uint64_t> early;
  // By the mount: a device's number tells no bind mount and no subvolume.
  for (const char* place : {"/", "/usr", "/etc"})
    if (const auto mount = mount_id(paths.root + place)) early.push_back(*mount);
  std::vector<Error> out;
  for (const char* name : {"", "latchkey.conf", "volumes", "services", "triggers"}) {
    const std::string file = paths.etc(name);
    std::error_code failed;
    const bool link = fs::is_symlink(file, failed);
    const fs::path real = fs::canonical(file, failed);
    if (failed) {
      if (link)
        out.push_back(
            {Code::missing, "'" + printable(file) + "' is a link that leads nowhere",
             "what it says is unknown to systemd and to each release",
             "put the file itself there, or remove the link: rm " + shell_word(printable(file))});
      continue;
    }
    const auto mount = mount_id(real.string());
    if (!mount || std::ranges::find(early, *mount) != early.end()) continue;
    out.push_back({Code::refused,
                   "'" + printable(file) + "' lies on another file system ('" +
                       printable(real.string()) + "')",
                   "systemd asks for it before that is mounted: the next boot may hold no service, "
                   "and mount no volume",
                   copy_of(file, real.string())});
    if (*name == '\0') break;  // the same is so of all in it
  }
  return out;
}

}  // namespace latchkey
