// SPDX-License-Identifier: GPL-3.0-or-later
// Words of the kernel's command line that systemd takes for lines of fstab and crypttab.
#pragma once

#include <string>
#include <string_view>

#include "core/mount/fstab.hpp"

namespace latchkey {

/// The line of crypttab that a word (`luks.name=UUID=NAME`, `luks.uuid=UUID`) stands for, with
/// the key file and the options that other words of the command line give it; empty for another
/// word, where `luks=no` is there, and where the crypttab has a line for this UUID, which counts
/// then.
[[nodiscard]] std::string crypttab_line_of(std::string_view word, std::string_view command_line,
                                           std::string_view crypttab);

/// The line of fstab that a word stands for (`systemd.mount-extra=WHAT:WHERE:TYPE:OPTIONS`,
/// `systemd.swap-extra=WHAT:OPTIONS`, of systemd 254 and later); empty for another.
[[nodiscard]] std::string fstab_line_of(std::string_view word);

/// The command line without the words of which fstab_line_of makes a line.
[[nodiscard]] std::string without_mounts(std::string_view command_line);

/// Takes a command line and the file that it is written in; gives a finding for each word that
/// opens or mounts what is ours, as crypttab_conflicts and fstab_conflicts do for lines.
[[nodiscard]] Findings command_line_conflicts(std::string_view command_line,
                                              const std::string& file, std::string_view crypttab,
                                              std::span<const Claim> claims, const Resolve& resolve,
                                              const IsThere& is_there,
                                              std::span<const std::string> held);

}  // namespace latchkey
