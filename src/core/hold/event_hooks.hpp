// SPDX-License-Identifier: GPL-3.0-or-later
// Which of the owner's executables below /etc/latchkey/hooks.d are run.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace latchkey {

/// What is known of a file or directory without opening it.
struct HookFile {
  std::string name{};
  bool regular = false;
  bool owned_by_root = false;  ///< it belongs to root
  unsigned mode = 0;   ///< its permission bits
};

/// Why a file is not run, or nothing when it is: only a regular file that nobody but
/// root can change, with a name that run-parts(8) takes by default.
[[nodiscard]] std::optional<std::string> hook_refusal(const HookFile& file);

/// The same for the directory it lies in: whoever can write there could put in a file.
[[nodiscard]] std::optional<std::string> hook_directory_refusal(const HookFile& directory);

}  // namespace latchkey
