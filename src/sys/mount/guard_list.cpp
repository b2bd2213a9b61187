// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/mount/guard_list.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/mount/mount_point.hpp"

namespace latchkey {
namespace {

constexpr std::string_view head =
    "# Written by latchkey: directories that it makes immutable while nothing is mounted there.\n";

std::string file_of(const Paths& paths) { return paths.etc("guards"); }

Result<> write_list(const Paths& paths, const std::vector<std::string>& places) {
  const std::string file = file_of(paths);
  if (places.empty())
    return ::unlink(file.c_str()) == 0 || errno == ENOENT
               ? Result<>(Ok{})
               : system_error(errno, "cannot remove '" + file + "'");
  if (auto made = make_directories(paths.etc(), 0755); !made) return made;
  return write_file(file, std::string(head) + join(places, "\n") + "\n", 0644);
}

bool lies_on_one_of(const std::vector<std::string>& places, const std::string& place) {
  return std::ranges::any_of(
      places, [&](const std::string& other) { return place.starts_with(other + "/"); });
}

}  // namespace

std::vector<std::string> guarded_places(const Paths& paths) {
  std::vector<std::string> out;
  const auto text = read_file(file_of(paths));
  if (!text) return out;
  for (const std::string_view line : split_lines(*text))
    if (line.starts_with('/')) out.emplace_back(line);
  return out;
}

std::vector<Error> follow_guards(const Paths& paths, std::vector<std::string> places) {
  std::vector<Error> failed;
  const std::vector<std::string> before = guarded_places(paths);
  std::ranges::sort(places);
  std::vector<std::string> after = places;
  for (const std::string& place : before) {
    if (std::ranges::binary_search(places, place)) continue;
    const auto done = unguard_mount_point(place);
    const bool missing = !done && done.error().code == Code::missing;
    // Its guard comes back with what is not mounted there now.
    if (missing && lies_on_one_of(places, place)) after.push_back(place);
    if (done || missing) continue;
    failed.push_back(done.error());
    if (done.error().code != Code::refused) after.push_back(place);
  }
  std::ranges::sort(after);
  if (after == before) return failed;
  if (auto written = write_list(paths, after); !written) failed.push_back(written.error());
  return failed;
}

}  // namespace latchkey
