// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/config/writable_by_others.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <utility>

#include "core/base/lists.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", mode & 07777U);
  return text;
}

// In a directory like /tmp everybody may write, but nobody replaces a file of root's.
bool is_shared(const struct stat& info) {
  return S_ISDIR(info.st_mode) && (info.st_mode & S_ISVTX) != 0;
}

// Why others than its owner can change it; empty when only they can, or when it is not there.
std::string why_of_others(const std::string& path, uid_t owner, bool on_the_way) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  if (info.st_uid != 0 && info.st_uid != owner)
    return "it belongs to user " + std::to_string(info.st_uid);
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (on_the_way && is_shared(info))) return {};
  return "others than root can write to it (its mode is " + octal(info.st_mode) + ")";
}

// Whose directory it is stays theirs: what decides who gets in has no place there.
std::string remedy(const std::string& asked, const std::string& by) {
  const std::string file = shell_word(printable(asked));
  std::error_code failed;
  if (fs::is_symlink(asked, failed))
    return "put a copy in place of the link: cp --remove-destination " +
           shell_word(printable(fs::canonical(asked, failed).string())) + " " + file;
  if (by != asked) return "move it to where root alone can change every directory above it";
  return "run: chown root: " + file + "; chmod go-w " + file;
}

Error told(const std::string& asked, const OthersWay& way) {
  const std::string by = way.path == asked ? "" : "by '" + printable(way.path) + "', since ";
  return {
      Code::refused, "others than root can change '" + printable(asked) + "'",
      by + way.why + ": who does can let himself into early boot, and learn the next passphrase",
      remedy(asked, way.path)};
}

bool is_above(const fs::path& directory, const fs::path& path) {
  return std::mismatch(directory.begin(), directory.end(), path.begin(), path.end()).first ==
         directory.end();
}

// The directories through which a path leads, in their order, links in it and their targets
// included: who may write in one of them decides where the path ends.
std::vector<fs::path> directories_on(const fs::path& path) {
  constexpr int most_links = 40;  // as the kernel
  std::vector<fs::path> out;
  std::error_code failed;
  std::deque<fs::path> left(path.begin(), path.end());
  fs::path at = "/";
  for (int links = 0; !left.empty() && links <= most_links;) {
    const fs::path name = left.front();
    left.pop_front();
    if (name.empty() || name == "/" || name == ".") continue;
    if (name == "..") {
      at = at.parent_path();
      continue;
    }
    if (std::ranges::find(out, at) == out.end()) out.push_back(at);
    if (!fs::is_symlink(at / name, failed)) {
      at /= name;
      continue;
    }
    ++links;
    const fs::path target = fs::read_symlink(at / name, failed);
    if (target.is_absolute()) at = "/";
    left.insert(left.begin(), target.begin(), target.end());
  }
  return out;
}

}  // namespace

std::optional<OthersWay> way_of_others(const std::string& path, const std::string& root) {
  std::error_code failed;
  const fs::path real = fs::canonical(path, failed);
  if (failed) return {};
  const fs::path top = fs::canonical(root + "/", failed);
  // In a tree that is not the running system, who looks at it may have made it.
  const uid_t owner = root.empty() ? 0 : ::geteuid();
  if (std::string why = why_of_others(path, owner, false); !why.empty())
    return OthersWay{fs::is_symlink(path, failed) ? real.string() : path, std::move(why)};
  const std::vector<fs::path> directories = directories_on(fs::absolute(path));
  for (auto at = directories.rbegin(); at != directories.rend(); ++at) {
    if (*at != top && is_above(*at, top)) continue;
    if (std::string why = why_of_others(at->string(), owner, true); !why.empty())
      return OthersWay{at->string(), std::move(why)};
  }
  return {};
}

std::vector<Error> files_of_others(const Paths& paths,
                                   const std::optional<std::vector<Volume>>& volumes) {
  std::vector<std::string> files{paths.etc(), paths.etc("hostkeys")};
  for (const char* name : {"latchkey.conf", "volumes", "services", "authorized_keys"})
    files.push_back(paths.etc(name));
  if (volumes)
    for (const Volume& volume : *volumes)
      if (header_in_file(volume)) files.push_back(paths.root + volume.header);
  std::vector<Error> out;
  std::vector<std::string> told_of;
  for (const std::string& file : files) {
    const auto way = way_of_others(file, paths.root);
    if (!way || std::ranges::find(told_of, way->path) != told_of.end()) continue;
    told_of.push_back(way->path);
    out.push_back(told(file, *way));
  }
  return out;
}

}  // namespace latchkey
