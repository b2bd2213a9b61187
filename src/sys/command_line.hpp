// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel's command line: of this boot, and those that the next may have.
#pragma once

#include <string>
#include <vector>

#include "core/first_network.hpp"

namespace latchkey {

struct CommandLine {
  std::string source{};  ///< for messages: where it is written
  std::string text{};
};

/// The command lines that images are to be prepared for: that of the running kernel
/// and those that grub and /etc/kernel/cmdline are told to give, as far as these are
/// there. Below `root`, a prefix for tests.
[[nodiscard]] std::vector<CommandLine> known_command_lines(const std::string& root);

/// The IP= that initramfs-tools puts into images: the last one of its initramfs.conf and
/// its conf.d. Nothing of these files is run.
[[nodiscard]] InitramfsIp initramfs_ip(const std::string& root);

}  // namespace latchkey
