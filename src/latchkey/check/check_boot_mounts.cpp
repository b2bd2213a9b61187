// SPDX-License-Identifier: GPL-3.0-or-later
// Images are built in /boot and copied from there. While what belongs there is not mounted,
// nothing is built without a fault being told, or what is built lies where nobody starts it.
#include <algorithm>
#include <iterator>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/mount/fstab_line.hpp"
#include "latchkey/check/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/image/boot_menu.hpp"
#include "sys/kernel/boot_places.hpp"
#include "sys/mount/mount_point.hpp"

namespace latchkey {
namespace {

bool mounts(std::string_view fstab, std::string_view place) {
  return std::ranges::any_of(split_lines(fstab), [&](std::string_view raw) {
    const auto line = parse_fstab_line(raw);
    return line && line->place == place;
  });
}

// Beside GRUB the firmware's partition holds no images.
std::vector<std::string> places_of_images(const Paths& paths) {
  std::vector<std::string> out{"/boot", firmware_place};
  if (read_boot_menu(paths).empty() || starts_copies(paths))
    out.insert(out.end(), std::begin(efi_places), std::end(efi_places));
  return out;
}

}  // namespace

std::optional<Error> unmounted_boot(const Paths& paths) {
  const std::string file = paths.root + "/etc/fstab";
  const auto fstab = read_file(file);
  if (!fstab) return {};
  for (const std::string& place : places_of_images(paths))
    if (mounts(*fstab, place) && !is_mount_point(paths.root + place))
      return Error{Code::missing, "'" + place + "' is in '" + file + "' and not mounted",
                   "no image gets to where a boot starts it",
                   "run: mount " + shell_word(place) + "; then: update-initramfs -u -k all"};
  return {};
}

}  // namespace latchkey
