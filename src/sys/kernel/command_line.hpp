// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel's command line: of this boot, and those that the next may have.
#pragma once

#include <string>
#include <vector>

#include "core/config/first_network.hpp"

namespace latchkey {

struct CommandLine {
  std::string source{};  ///< for messages: where it is written
  std::string text{};
};

/// The command lines that images are to be prepared for: that of the running kernel
/// and those that grub, systemd-boot, the firmware of a Raspberry Pi, U-Boot and
/// /etc/kernel/cmdline are told to give, as far as these are there. The same text is given once
/// for each file that has it. Below `root`, a prefix for tests.
[[nodiscard]] std::vector<CommandLine> known_command_lines(const std::string& root);

/// The last value of a setting in initramfs-tools' initramfs.conf and its conf.d, and the file
/// that has it; both empty where there is none. Nothing of these files is run.
[[nodiscard]] CommandLine initramfs_setting(const std::string& root, const std::string& name);

/// The IP= and DEVICE= that initramfs-tools puts into images.
[[nodiscard]] InitramfsIp initramfs_ip(const std::string& root);

}  // namespace latchkey
