// SPDX-License-Identifier: GPL-3.0-or-later
// The entries of GRUB's menu, and which of them is its default.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// An entry of a grub.cfg.
struct MenuEntry {
  std::string title{};
  std::string id{};
  std::string kernel{};            ///< the version that it starts; empty: none that is known
  bool unrestricted = false;       ///< started by anybody, where the menu has superusers
  std::vector<MenuEntry> inner{};  ///< of a submenu
};

/// The version of the kernel in /boot that a line of a grub.cfg starts (`linux /vmlinuz-6.1 ro`,
/// or `module2 /vmlinuz-6.1 …` for a hypervisor); empty for any other line.
[[nodiscard]] std::string kernel_of_line(std::string_view line);

/// The entries of a grub.cfg, in their order; what it computes is not followed.
[[nodiscard]] std::vector<MenuEntry> menu_entries(std::string_view grub_cfg);

/// What the menu has as its default: a number, a title or an id, with `>` before that of an entry
/// of a submenu. Takes what grubenv has as `saved_entry`, for a menu that goes by that. `0` where
/// nothing says another.
[[nodiscard]] std::string menu_default(std::string_view grub_cfg, const std::string& saved);

/// The entry of this number, title or id, with `>` before that of an entry of a submenu; null
/// where there is none. Where a submenu alone is named, its first.
[[nodiscard]] const MenuEntry* find_entry(const std::vector<MenuEntry>& entries,
                                          std::string_view choice);

/// The version of the kernel that this entry starts, or that the first one does where there is no
/// such entry, as GRUB takes it; empty where that is none that is known.
[[nodiscard]] std::string kernel_of_entry(const std::vector<MenuEntry>& entries,
                                          std::string_view choice);

/// True where GRUB asks for a user's name and a password, at the console alone, before it starts
/// this entry by itself: the menu has superusers, and the entry, or a submenu on the way to it, is
/// not `--unrestricted`. Where there is no such entry the first is meant, as for kernel_of_entry.
[[nodiscard]] bool asks_for_user(std::string_view grub_cfg, std::string_view choice);

}  // namespace latchkey
