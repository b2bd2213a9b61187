// SPDX-License-Identifier: GPL-3.0-or-later
// That no data volume is the keys volume, or has its place in device-mapper.
#pragma once

#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/config.hpp"
#include "core/config/volume.hpp"

namespace latchkey {

/// What is wrong with a volume that is the keys volume itself.
[[nodiscard]] Error is_the_keys_volume(const Volume& volume);

/// Fails with Code::config for a volume of `file` that has the mapping of the keys volume, which
/// every unlock closes, or names its device.
[[nodiscard]] Result<> apart_from_keys(const std::vector<Volume>& volumes, const KeysVolume& keys,
                                       std::string_view file);

}  // namespace latchkey
