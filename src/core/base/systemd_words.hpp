// SPDX-License-Identifier: GPL-3.0-or-later
// How systemd reads its settings.
#pragma once

#include <string>
#include <string_view>

#include "core/base/text.hpp"

namespace latchkey {

/// True for the words that systemd takes for no, in capitals too.
[[nodiscard]] inline bool is_systemd_no(std::string_view text) {
  const std::string word = lower(text);
  return word == "0" || word == "no" || word == "n" || word == "false" || word == "f" ||
         word == "off";
}

}  // namespace latchkey
