// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/mount/mounts_above.hpp"

#include <utility>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/mount/mount_point.hpp"
#include "sys/process/process.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

// systemd itself gives a device up after 90 seconds.
constexpr std::chrono::seconds patience(100);

// Gives why it did not work, in words; empty when it did, or nothing could be asked for.
std::string start_mounts(const std::vector<MountAbove>& missing) {
  std::vector<std::string> argv{"systemctl", "start", "--"};
  const std::size_t words = argv.size();
  for (const MountAbove& one : missing)
    if (!one.unit.empty()) argv.push_back(one.unit);
  if (argv.size() == words || !systemd_runs()) return {};
  const auto done = run_ok(argv, "", {.timeout = patience});
  return done ? "" : done.error().why;
}

}  // namespace

std::vector<MountAbove> missing_above(const Setup& setup, const Paths& paths,
                                      const Volume& volume) {
  const auto fstab = read_file(paths.root + "/etc/fstab");
  if (!fstab) return {};
  std::vector<MountAbove> out = mounts_above(*fstab, setup, volume);
  std::erase_if(out, [](const MountAbove& one) { return is_mount_point(one.place); });
  return out;
}

Result<> mount_what_is_above(const Setup& setup, const Paths& paths, const Volume& volume) {
  std::vector<MountAbove> missing = missing_above(setup, paths, volume);
  if (missing.empty()) return Ok{};
  const std::string why = start_mounts(missing);
  missing = missing_above(setup, paths, volume);
  if (missing.empty()) return Ok{};
  const std::string place = printable(missing.front().place);
  return Error{Code::missing, "cannot mount '" + volume.name + "'",
               "its mount point lies on '" + place + "', which is in /etc/fstab and not mounted" +
                   (why.empty() ? "" : ": " + why),
               "run: mount " + shell_word(place) +
                   ", then: release-services; where nothing is to be mounted there any more, "
                   "delete its line"};
}

}  // namespace latchkey
