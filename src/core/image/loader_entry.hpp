// SPDX-License-Identifier: GPL-3.0-or-later
// What systemd-boot starts: an entry of the Boot Loader Specification. And what U-Boot does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

struct LoaderEntry {
  std::string version{};              ///< of the kernel; empty when the entry does not say
  std::string machine{};              ///< the machine-id of the system that it is of, if it says
  std::vector<std::string> images{};  ///< paths on the entry's own partition
  std::string options{};              ///< the kernel's command line
};

/// Reads a loader/entries/….conf.
[[nodiscard]] LoaderEntry parse_loader_entry(std::string_view text);

/// Takes an extlinux.conf; gives the kernel's command lines that its entries have.
[[nodiscard]] std::vector<std::string> extlinux_lines(std::string_view text);

}  // namespace latchkey
