// SPDX-License-Identifier: GPL-3.0-or-later
// Editing latchkey.conf: every other byte of its owner's text stays as it is.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/config/config.hpp"
#include "core/network/network_text.hpp"

namespace latchkey {

/// Takes the text of latchkey.conf and its name for messages; gives the text with
/// `device` and `uuid` of [keys] set to those of `keys` (its mapping is not looked at).
/// parse_config of the result gives that, and all else as before. Fails as parse_config,
/// and with Code::config when the section is written in a way that cannot be edited.
[[nodiscard]] Result<std::string> with_keys_volume(std::string_view text, std::string_view file,
                                                   const KeysVolume& keys);

/// True when the text has [network], be it empty: its owner has decided. Fails as parse_config.
[[nodiscard]] Result<bool> says_network(std::string_view text, std::string_view file);

/// Takes a text without [network]; gives it with `network` behind it. Fails as
/// parse_config, and with Code::config when the section cannot stand there.
[[nodiscard]] Result<std::string> with_network(std::string_view text, std::string_view file,
                                               const NewNetwork& network);

}  // namespace latchkey
