// SPDX-License-Identifier: GPL-3.0-or-later
// A kernel without an image finds no root, or asks nobody: it must not be the one that
// the boot loader starts by default.
#include "core/text.hpp"
#include "latchkey/check.hpp"
#include "sys/boot_menu.hpp"
#include "sys/finished_image.hpp"

namespace latchkey {
namespace {

// What to say while `newest` has no image and `pinned` should be booted in its place.
Finding judge_default(const Paths& paths, const std::string& newest, const std::string& pinned) {
  const std::string menu = read_boot_menu(paths);
  const std::string build = "run: update-initramfs -c -k " + newest;
  const std::string what = "the next boot may start kernel " + newest + ", which has no image";
  if (menu.empty())
    return bad({Code::refused, what, "only GRUB's menu is looked after, and there is none",
                build + ", or have your boot loader start " + pinned});
  if (default_is(menu, pinned))
    return doubtful({Code::config, "the boot loader starts kernel " + pinned,
                     "the newest, " + newest + ", has no image", build});
  // One that the menu does not know is not started.
  if (!starts_without_image(menu, newest))
    return doubtful({Code::config, "kernel " + newest + " is not in the boot loader's menu yet",
                     "it has no image", build});
  const std::string own = owners_default(paths);
  if (!own.empty())
    return bad({Code::config, what,
                "GRUB_DEFAULT=" + printable(own) + " is your own and left alone",
                build + ", or see that it names kernel " + pinned});
  return bad({Code::config, what, "the menu was made without Latchkey's setting",
              "run: update-grub; then: update-initramfs -c -k " + newest});
}

}  // namespace

Findings check_boot_menu(const Paths& paths) {
  const std::vector<BootKernel> kernels = boot_kernels(paths);
  if (const auto pinned = pinned_kernel(kernels))
    return {judge_default(paths, kernels.front().version, *pinned)};
  const std::string menu = read_boot_menu(paths);
  if (!kernels.empty() && kernels.front().has_image &&
      starts_without_image(menu, kernels.front().version))
    return {bad({Code::config,
                 "the boot loader starts kernel " + kernels.front().version + " without its image",
                 "its menu was made while there was none", "run: update-grub"})};
  return {};
}

}  // namespace latchkey
