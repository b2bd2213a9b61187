// SPDX-License-Identifier: GPL-3.0-or-later
// Where the partitions are mounted that a firmware or boot loader reads, beside GRUB's /boot.
#pragma once

namespace latchkey {

/// That of UEFI; systemd-boot's entries lie on it.
inline constexpr const char* efi_places[]{"/boot/efi", "/efi"};

/// All that can have systemd-boot's entries: /boot may be that partition, or one of its own.
inline constexpr const char* entry_places[]{"/boot/efi", "/efi", "/boot"};

/// That of a Raspberry Pi.
inline constexpr const char* firmware_place = "/boot/firmware";

/// Every one that may hold an image or a copy of one.
inline constexpr const char* image_places[]{"/boot", "/boot/efi", "/efi", firmware_place};

}  // namespace latchkey
