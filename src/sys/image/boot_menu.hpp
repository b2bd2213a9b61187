// SPDX-License-Identifier: GPL-3.0-or-later
// The boot loader's menu: GRUB's, which Debian makes with update-grub.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/image/boot_menu.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// GRUB's menu as it lies in /boot; empty where there is none.
[[nodiscard]] std::string read_boot_menu(const Paths& paths);

/// What GRUB's environment has of the boots to come; empty where nothing is saved.
[[nodiscard]] SavedEntries saved_entries(const Paths& paths);

/// GRUB_DEFAULT as the owner's own files say it (/etc/default/grub and the others beside
/// it, but not ours), `saved` among them; empty when none does, or what it means is the first entry
/// (is_own_default). Nothing is evaluated.
[[nodiscard]] std::string owners_default(const Paths& paths);

/// Has GRUB make its menu again, at most two minutes. Fails with Code::io and the last
/// line that it printed, with Code::missing when update-grub is not there.
[[nodiscard]] Result<> remake_boot_menu();

}  // namespace latchkey
