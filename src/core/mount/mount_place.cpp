// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mount/mount_place.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace latchkey {
namespace {

// With an immutable /tmp or /var/tmp no unit with PrivateTmp= starts, logind among them.
constexpr std::array<std::string_view, 23> used{
    // the system itself
    "/bin", "/boot", "/boot/efi", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin",
    "/sys", "/usr/bin", "/usr/lib", "/usr/sbin", "/usr/share",
    // what every program may write to
    "/tmp", "/var/cache", "/var/lib", "/var/lib/systemd", "/var/log", "/var/log/journal",
    "/var/spool", "/var/tmp"};

}  // namespace

bool used_by_boot(std::string_view mount_point) {
  return std::ranges::find(used, mount_point) != used.end();
}

std::optional<Error> mount_place_error(std::string_view mount_point) {
  if (!used_by_boot(mount_point)) return {};
  return Error{Code::refused, "will not mount on '" + std::string(mount_point) + "'",
               "every boot uses that directory before volumes are mounted",
               "mount the volume below /srv, or on a directory of one service, as "
               "/var/lib/mysql is"};
}

}  // namespace latchkey
