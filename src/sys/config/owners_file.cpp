// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/config/owners_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/writable_by_others.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

Error no_link(const std::string& path, const std::string& why, const std::string& hint) {
  return {Code::refused, "cannot write '" + printable(path) + "'", "it is a link " + why, hint};
}

// Where the link leads through all others on its way.
Result<std::string> end_of_link(const std::string& path) {
  std::error_code failed;
  const std::string real = fs::canonical(path, failed).string();
  if (failed || !fs::is_regular_file(real, failed))
    return no_link(path, "that leads to no file", "mend the link, or remove it");
  if (const auto way = way_of_others(real, ""))
    return no_link(path,
                   "to '" + printable(real) + "', which others than root can change: '" +
                       printable(way->path) + "': " + way->why,
                   "put a copy in place of the link: cp --remove-destination " +
                       shell_word(printable(real)) + " " + shell_word(printable(path)));
  return real;
}

// The new file gets what the old one has before it takes its place.
bool takes_after(const std::string& file, const struct stat& old) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  return fd && ::fchown(fd.get(), static_cast<uid_t>(-1), old.st_gid) == 0 &&
         ::fchmod(fd.get(), old.st_mode & 0777U) == 0 && ::fsync(fd.get()) == 0;
}

bool sync_directory_of(const std::string& file) {
  const std::string directory = fs::path(file).parent_path().string();
  const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd && ::fsync(fd.get()) == 0;
}

}  // namespace

Result<std::string> place_of_owners_file(const std::string& path) {
  std::error_code failed;
  return fs::is_symlink(path, failed) ? end_of_link(path) : path;
}

Result<> write_owners_file(const std::string& path, std::string_view content) {
  const auto place = place_of_owners_file(path);
  if (!place) return place.error();
  const std::string& target = *place;
  struct stat old {};
  if (::lstat(target.c_str(), &old) != 0) return write_file(target, content, 0644);
  const std::string draft = target + ".draft-" + std::to_string(::getpid());
  // For root alone until it has the group that may read it.
  if (auto written = write_file(draft, content, 0600); !written) {
    Error error = written.error();
    error.what = "cannot write '" + printable(path) + "'";
    return error;
  }
  if (takes_after(draft, old) && std::rename(draft.c_str(), target.c_str()) == 0 &&
      sync_directory_of(target))
    return Ok{};
  const int error = errno;
  ::unlink(draft.c_str());
  return system_error(error, "cannot write '" + printable(path) + "'");
}

}  // namespace latchkey
