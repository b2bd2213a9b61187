// SPDX-License-Identifier: GPL-3.0-or-later
// Changing lines of a file that belongs to the owner.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "sys/base/fd.hpp"
#include "sys/config/owners_file.hpp"

namespace latchkey {

/// Applies `edit` to the text of the file, or to `head` where there is none, and writes it when
/// that changes anything. Fails as read_file and write_owners_file.
[[nodiscard]] inline Result<> edit_file(const std::string& path, std::string_view head,
                                        const std::function<std::string(std::string)>& edit) {
  auto before = read_file(path);
  if (!before && before.error().code == Code::missing) before = std::string(head);
  if (!before) return before.error();
  const std::string after = edit(*before);
  return after == *before ? Result<>(Ok{}) : write_owners_file(path, after);
}

}  // namespace latchkey
