// SPDX-License-Identifier: GPL-3.0-or-later
// A kernel without an image finds no root, or asks nobody: it must not be the one that
// the boot loader starts by default. And a boot loader that asks for a passphrase or a user's
// name itself does so before any kernel, at the console alone.
#include <optional>
#include <utility>

#include "core/base/text.hpp"
#include "latchkey/check/check.hpp"
#include "sys/image/boot_menu.hpp"
#include "sys/image/finished_image.hpp"
#include "sys/mount/mount_point.hpp"
#include "sys/storage/device.hpp"

namespace latchkey {
namespace {

// What to say while the newest has no image and `pinned` should be booted in its place.
Finding judge_default(const Paths& paths, const std::string& menu,
                      const std::vector<BootKernel>& kernels, const std::string& pinned) {
  const std::string newest = kernels.front().version;
  const std::string build = "run: update-initramfs -c -k " + newest;
  const std::string what = "the next boot may start kernel " + newest + ", which has no image";
  if (menu.empty())
    return bad({Code::refused, what, "only GRUB's menu is looked after, and there is none",
                build + ", or have your boot loader start " + pinned});
  if (default_is(menu, pinned, saved_entries(paths).saved))
    return doubtful({Code::config, "the boot loader starts kernel " + pinned,
                     "kernel " + newest + ", which would come before it, has no image", build});
  // One that the menu does not know is not started.
  if (!starts_without_image(menu, newest))
    return doubtful({Code::config, "kernel " + newest + " is not in the boot loader's menu yet",
                     "it has no image", build});
  const auto started = started_kernel(kernels, menu, saved_entries(paths));
  if (started && has_image(kernels, *started))
    return doubtful({Code::config, "the boot loader starts kernel " + *started,
                     "kernel " + newest + ", which is newer, has no image", build});
  const std::string own = owners_default(paths);
  if (!own.empty())
    return bad({Code::config, what,
                "GRUB_DEFAULT=" + printable(own) + " is your own and left alone",
                build + ", or see that it names kernel " + pinned});
  return bad({Code::config, what, "the menu was made without Latchkey's setting",
              "run: update-grub; then: update-initramfs -c -k " + newest});
}

// Why GRUB asks for a passphrase; `inside` tells that /boot is, or will be, on an encrypted
// device. Without a menu it is not known what starts the kernels.
std::optional<Error> prompt_of_grub(const Paths& paths, const std::string& menu, bool inside) {
  const bool opens = opens_encrypted(menu);
  if (menu.empty() || (!opens && !inside)) return {};
  return Error{Code::refused, "the boot loader itself asks for a passphrase, at the console alone",
               opens ? "'" + paths.root + "/boot/grub/grub.cfg' has lines with cryptomount"
                     : "'" + paths.root + "/boot' lies on an encrypted device",
               "move /boot to a file system of its own that is not encrypted, take "
               "GRUB_ENABLE_CRYPTODISK out of /etc/default/grub, then run: grub-install DISK, and: "
               "update-grub"};
}

// The same of the password of the menu, which many set, and leave away for what a boot starts by
// itself: GRUB asks on the way into a submenu, too.
std::optional<Error> password_of_grub(const Paths& paths, const std::string& menu) {
  if (!asks_before_boot(menu, saved_entries(paths))) return {};
  return Error{
      Code::refused, "the boot loader asks for a user's name and password, at the console alone",
      "'" + paths.root +
          "/boot/grub/grub.cfg' has superusers, and the entry that is "
          "started, or its submenu, has no --unrestricted",
      "in /etc/grub.d/10_linux add --unrestricted to CLASS, then run: update-grub; where "
      "the default is in a submenu, set GRUB_DISABLE_SUBMENU=y in /etc/default/grub before"};
}

Findings check_kernels(const Paths& paths, const std::string& menu) {
  const std::vector<BootKernel> kernels = boot_kernels(paths);
  if (const auto pinned = pinned_kernel(kernels))
    return {judge_default(paths, menu, kernels, *pinned)};
  if (!kernels.empty() && kernels.front().has_image &&
      starts_without_image(menu, kernels.front().version))
    return {bad({Code::config,
                 "the boot loader starts kernel " + kernels.front().version + " without its image",
                 "its menu was made while there was none", "run: update-grub"})};
  return {};
}

}  // namespace

std::optional<Error> boot_loader_in_root(const Paths& paths) {
  const std::string boot = paths.root + "/boot";
  if (starts_copies(paths)) return {};
  return prompt_of_grub(paths, read_boot_menu(paths),
                        !is_mount_point(boot) || lies_encrypted(boot));
}

Findings check_boot_menu(const Paths& paths) {
  const std::string menu = read_boot_menu(paths);
  Findings out = check_kernels(paths, menu);
  // What starts copies of the images may have left GRUB's files behind.
  for (const auto& prompt : {prompt_of_grub(paths, menu, lies_encrypted(paths.root + "/boot")),
                             password_of_grub(paths, menu)})
    if (prompt) out.push_back(starts_copies(paths) ? doubtful(*prompt) : bad(*prompt));
  return out;
}

}  // namespace latchkey
