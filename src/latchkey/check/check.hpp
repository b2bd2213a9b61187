// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of `latchkey check`, one function each. None changes anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/finding.hpp"
#include "sys/config/setup.hpp"
#include "sys/image/early_inputs.hpp"
#include "sys/keys/keys_volume.hpp"

namespace latchkey {

/// Configuration files, authorized keys, host keys, the machine's id.
[[nodiscard]] Findings check_inputs(const Paths& paths, const EarlyInputs& inputs);

/// What the kernel's command lines and [network] make of early boot's network.
[[nodiscard]] Findings check_network(const Paths& paths, const EarlyInputs& inputs);

/// Tells them as warnings, for a command that has put another machine's [network] back.
void tell_of_network(const Paths& paths);

/// The devices of all volumes: there, with a LUKS header.
[[nodiscard]] Findings check_devices(const Paths& paths, const EarlyInputs& inputs);

/// The passphrases of the keys volume, by name and slot, as findings that are fine.
[[nodiscard]] Findings check_passphrases(const Paths& paths, const EarlyInputs& inputs);

/// Network cards, and disks of the keys volume, for which a kernel in /boot has no driver.
[[nodiscard]] Findings check_drivers(const Paths& paths, const EarlyInputs& inputs);

/// Other software that gets in the way of early boot, that it lacks, or that opens what the boot
/// needs beside us.
[[nodiscard]] Findings check_surroundings(const Paths& paths, const EarlyInputs& inputs);

/// Lines of /etc/fstab and /etc/crypttab, units that the owner wrote, and types of partitions,
/// that would open or mount what is ours.
[[nodiscard]] Findings check_fstab(const Paths& paths, const EarlyInputs& inputs);

/// Tells those that are not fine as warnings, for commands that do something else.
void tell_as_warnings(const Findings& findings);

/// Tells them as warnings, for commands that have just made a volume of Latchkey's. Nothing while
/// a volume's disk gives no answer: what is read may lie on it.
void tell_of_fstab(const Paths& paths);

/// The mount points of all volumes: safe directories, without files that a mount
/// would hide.
[[nodiscard]] Findings check_mount_points(const Paths& paths, const EarlyInputs& inputs);

/// Whether the machine's own sshd would let anybody in while no volume is mounted.
[[nodiscard]] Findings check_logins(const Paths& paths, const EarlyInputs& inputs);

/// Swap areas, and the place of kernel dumps, that are not encrypted, or not there when a kernel
/// crashes.
[[nodiscard]] Findings check_traces(const Paths& paths, const EarlyInputs& inputs);

/// Lines of cron's tables, and scripts in its directories, that use a volume without asking
/// whether it is mounted.
[[nodiscard]] Findings check_cron(const Paths& paths, const EarlyInputs& inputs);

/// The owner's files below hooks.d that are never run.
[[nodiscard]] Findings check_hooks(const Paths& paths);

/// Whether unattended-upgrades restarts the machine, which then waits for a person.
[[nodiscard]] Findings check_restarts(const Paths& paths);

/// The parts that are linked into early boot's programs, against what apt knows of.
/// Empty in a test's root.
[[nodiscard]] Findings check_bundled(const Paths& paths);

/// Key slots that cost too much, or too little, as the headers say.
[[nodiscard]] Findings check_slots(const Paths& paths, const EarlyInputs& inputs);

/// Tries the key of every volume on its header, and names the files of the keys volume
/// that belong to no volume. Takes a while where slots are costly.
[[nodiscard]] Findings check_keys(const Setup& setup, const OpenKeys& keys);

/// The image of each installed kernel.
[[nodiscard]] Findings check_images(const Paths& paths, const EarlyInputs& inputs);

/// What is wrong while fstab has a file system that kernels and images are started from, and it
/// is not mounted; nothing where all is.
[[nodiscard]] std::optional<Error> unmounted_boot(const Paths& paths);

/// Which kernel the boot loader starts while the newest has no image, and whether it asks for
/// a passphrase itself. Takes milliseconds: `status` asks too. Empty when every kernel's image
/// is there and in the menu.
[[nodiscard]] Findings check_boot_menu(const Paths& paths);

/// Why the boot loader would ask for a passphrase itself if the root file system were
/// encrypted; nothing where it would not.
[[nodiscard]] std::optional<Error> boot_loader_in_root(const Paths& paths);

/// Copies of images that the firmware starts in their place (systemd-boot's entries,
/// raspi-firmware, Raspberry Pi OS), against those in /boot. Empty where there are none.
[[nodiscard]] Findings check_boot_copies(const Paths& paths);

/// True where the firmware has something to start beside GRUB: there are such copies, or unified
/// kernel images.
[[nodiscard]] bool starts_copies(const Paths& paths);

/// One image file, for the kernel that its name says.
[[nodiscard]] Findings check_image(const Paths& paths, const EarlyInputs& inputs,
                                   const std::string& file);

/// Whether every held unit is held: on systemd by loaded conditions, on sysvinit by our
/// guard or by disabled links, with our own script started at boot; and whether packages
/// were left half-configured. Empty where neither runs; in a test's root only what files say.
[[nodiscard]] Findings check_holds(const Paths& paths, const Setup& setup);

/// Services that start at boot, are not held, and whose packages have files where a volume is
/// mounted, whose units or quadlets, written by the owner, name such a place, or whose containers
/// or virtual machines use a volume.
[[nodiscard]] Findings check_unheld(const Paths& paths, const Setup& setup);

/// Tells those of one volume as warnings, for commands that have just made it.
void tell_of_unheld(const Paths& paths, const std::string& volume);

}  // namespace latchkey
