// SPDX-License-Identifier: GPL-3.0-or-later
// What systemd-boot starts: an entry of the Boot Loader Specification.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

struct LoaderEntry {
  std::string version{};              ///< of the kernel; empty when the entry does not say
  std::string machine{};              ///< the machine-id of the system that it is of, if it says
  std::vector<std::string> images{};  ///< paths on the entry's own partition
};

/// Reads a loader/entries/….conf.
[[nodiscard]] LoaderEntry parse_loader_entry(std::string_view text);

}  // namespace latchkey
