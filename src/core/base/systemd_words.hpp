// SPDX-License-Identifier: GPL-3.0-or-later
// How systemd reads its settings.
#pragma once

#include <string_view>

namespace latchkey {

/// True for the words that systemd takes for no; they are given in small letters.
[[nodiscard]] inline bool is_systemd_no(std::string_view word) {
  return word == "0" || word == "no" || word == "n" || word == "false" || word == "f" ||
         word == "off";
}

}  // namespace latchkey
