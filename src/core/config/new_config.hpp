// SPDX-License-Identifier: GPL-3.0-or-later
// The texts of a new configuration. They teach: every key is shown with its default.
#pragma once

#include <string>
#include <string_view>

#include "core/network/network_text.hpp"

namespace latchkey {

/// What a first latchkey.conf says beyond the defaults.
struct NewConfig {
  std::string keys_device{};  ///< `VG/encrypted-keys`
  std::string keys_uuid{};    ///< the LUKS UUID of its header
  NewNetwork network{};
};

/// The text of latchkey.conf. parse_config of it gives back what is set here, and
/// the defaults for all else. A line `#key = value` shows a default; other comments
/// have a blank behind the `#`.
[[nodiscard]] std::string new_config_text(const NewConfig& config);

/// How a new `services` begins.
extern const std::string_view services_head;

}  // namespace latchkey
