// SPDX-License-Identifier: GPL-3.0-or-later
// Command lines that people are told to type.
#pragma once

#include <string>

namespace latchkey {

/// The word for a shell, quoted as a person would where it must be.
[[nodiscard]] std::string shell_word(const std::string& word);

}  // namespace latchkey
