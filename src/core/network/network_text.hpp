// SPDX-License-Identifier: GPL-3.0-or-later
// `[network]` of a new configuration, as a text. It teaches: every key is shown with its default.
#pragma once

#include <string>
#include <vector>

#include "core/network/network_config.hpp"

namespace latchkey {

/// What a first [network] says beyond the defaults.
struct NewNetwork {
  NetworkConfig config{};
  bool left_open = false;  ///< nothing is set: nobody knew
  /// A line about where it comes from, or why it is left open; may be empty.
  std::string note{};
};

/// The section's text, beginning with an empty line. parse_config of it gives back what is set.
[[nodiscard]] std::string new_network_text(const NewNetwork& written);

/// The lines of it that set something, as `key = value`.
[[nodiscard]] std::vector<std::string> network_lines(const NetworkConfig& network);

}  // namespace latchkey
