// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/volume_use.hpp"

#include <sys/sysmacros.h>

#include <string_view>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/mount/mount.hpp"
#include "sys/mount/mount_users.hpp"
#include "sys/storage/device.hpp"

namespace latchkey {
namespace {

// Who keeps the mapping with this number from being closed, told as far as it can be seen.
void tell_user(Error& error, const std::string& path, dev_t number, const std::string& again) {
  if (const auto place = where_mounted(number)) {
    error.why = "it is mounted on '" + *place + "'";
    error.hint = "run: umount " + shell_word(*place) + "; then: " + again;
    return;
  }
  // Not mounted here, but perhaps in somebody's private namespace.
  if (const auto holders = namespaces_with(number); !holders.empty()) {
    error.why = "still mounted for " + users_text(holders);
    error.hint = "end them, then: " + again;
    return;
  }
  for (const Mapping& upon : mappings_on(path)) {
    error.why = "'" + printable(upon.name) + "' lies on it";
    error.hint = "close that first (see: dmsetup ls --tree), then: " + again;
    return;
  }
  if (const auto use = kernel_use_of(number)) {
    error.why = use->why;
    error.hint = "run: " + use->end + "; then: " + again;
    return;
  }
  if (const auto users = users_of_unmounted(number); !users.empty()) {
    error.why = "in use by " + users_text(users) + ", though it is mounted nowhere any more";
    error.hint = "end them, then: " + again;
    return;
  }
  error.hint +=
      "; where these show nothing, an open file may keep a mount namespace alive: ls -l "
      "/proc/*/fd | grep mnt:";
}

}  // namespace

std::optional<KernelUse> kernel_use_of(dev_t number, const std::string& root) {
  const std::string own = "dm-" + std::to_string(minor(number));
  for (const std::string& holder : names_in(root + "/sys/block/" + own + "/holders")) {
    if (holder.starts_with("dm-")) continue;
    const std::string name = printable(holder);
    return KernelUse{"'" + name + "' lies on it", holder.starts_with("md")
                                                      ? "mdadm --stop /dev/" + name
                                                      : "lsblk /dev/" + own + ", and stop that"};
  }
  const auto swaps = read_file(root + "/proc/swaps");
  if (!swaps) return {};
  for (const std::string_view line : split_lines(*swaps)) {
    const std::string path(line.substr(0, line.find_first_of(" \t")));
    if (path == "/dev/" + own || block_device(path) == number)
      return KernelUse{"it is in use as swap", "swapoff " + shell_word(path)};
  }
  return {};
}

std::string OtherMapping::text() const {
  return "its device is open as '" + printable(name) + "' too" +
         (mount_point.empty() ? "" : ", mounted on '" + mount_point + "'");
}

std::string OtherMapping::hint() const {
  return "when nobody needs it, run: " +
         (mount_point.empty() ? "" : "umount " + shell_word(mount_point) + "; ") +
         "cryptsetup close " + shell_word(printable(name));
}

std::optional<OtherMapping> other_mapping_on(const Volume& volume) {
  for (const Mapping& mapping : mappings_on(volume.device.path()))
    // One without a name is being taken away.
    if (!mapping.name.empty() && mapping.name != volume.mapping)
      return OtherMapping{mapping.name, where_mounted(mapping.number).value_or("")};
  return {};
}

Result<> close_volume_mapping(const Volume& volume, const std::string& again) {
  const std::string path = mapping_path(volume);
  const auto number = block_device(path);
  const auto closed = close_mapping(volume.mapping);
  if (closed) return Ok{};
  Error error = closed.error();
  if (error.code == Code::busy && number) tell_user(error, path, *number, again);
  return error;
}

}  // namespace latchkey
