// SPDX-License-Identifier: GPL-3.0-or-later
// Which kernel a boot loader should start, and what GRUB's menu says. A kernel
// without an image must not become the default: it finds no root, or asks nobody.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// A kernel in /boot.
struct BootKernel {
  std::string version{};
  bool has_image = false;
};

/// True when this version is one of the kernels, and has its image.
[[nodiscard]] bool has_image(const std::vector<BootKernel>& kernels, std::string_view version);

/// The version of the kernel that a file in /boot of this name is; empty for any other file.
[[nodiscard]] std::string kernel_version(std::string_view name);

/// Takes the kernels, the newest first; gives the version of the one that is to be the
/// default in the place of the newest, which has no image. Nothing when the newest
/// has one, or none has.
[[nodiscard]] std::optional<std::string> pinned_kernel(const std::vector<BootKernel>& kernels);

/// Takes the kernels, the newest first, and the menu that is about to be made anew; gives the
/// one that the new one is to start where its own first kernel might have no image: the order of
/// the old menu, which the owner may have made, need not be that of the new one. Nothing else.
[[nodiscard]] std::optional<std::string> kernel_to_pin(const std::vector<BootKernel>& kernels,
                                                       std::string_view grub_cfg);

/// What GRUB's environment (grubenv) has of the boots to come.
struct SavedEntries {
  std::string saved{};  ///< saved_entry, for a menu that goes by it
  std::string next{};   ///< next_entry, for the next boot alone
};

/// True for a default (GRUB_DEFAULT, or the saved entry) by which the owner has GRUB start another
/// entry than its first one: a number, or an entry that the menu has and whose kernel, one of
/// these, has its image, or that starts no kernel itself. One that leads nowhere has GRUB start the
/// first, as `0` and the first entry's names do. Without a menu nothing is known against it.
[[nodiscard]] bool is_own_default(const std::string& choice, std::string_view grub_cfg,
                                  const std::vector<BootKernel>& kernels);

/// The kernel that the next boot starts by itself, of these, the newest first: the one that
/// the menu's default starts, else the newest in the menu, else the newest. Nothing when there
/// are none.
[[nodiscard]] std::optional<std::string> started_kernel(const std::vector<BootKernel>& kernels,
                                                        std::string_view grub_cfg,
                                                        const SavedEntries& saved = {});

/// These kernels with those that the menu knows in its order: GRUB's own scripts, or their
/// owner, may put another to the front than the newest.
[[nodiscard]] std::vector<BootKernel> in_menu_order(std::vector<BootKernel> kernels,
                                                    std::string_view grub_cfg);

/// True when the menu (a grub.cfg) starts this kernel without an image in some entry.
/// Such a menu was made while there was none, and is not made again by itself.
[[nodiscard]] bool starts_without_image(std::string_view grub_cfg, std::string_view version);

/// True when the menu's default is an entry for this kernel, and not just the first of all.
[[nodiscard]] bool default_is(std::string_view grub_cfg, std::string_view version,
                              const std::string& saved = "");

/// True when GRUB asks for a user's name at the console before it starts what it starts by itself:
/// the entry for a single boot, where one is chosen, or the menu's default.
[[nodiscard]] bool asks_before_boot(std::string_view grub_cfg, const SavedEntries& saved);

/// True when the menu has GRUB open an encrypted device, for which it asks for a passphrase
/// itself: for the menu, or for its first entry. Others may be another system's.
[[nodiscard]] bool opens_encrypted(std::string_view grub_cfg);

}  // namespace latchkey
