// SPDX-License-Identifier: GPL-3.0-or-later
// Reading the keys out of the keys volume.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/config.hpp"
#include "sys/base/secret.hpp"
#include "sys/keys/keys_volume.hpp"

namespace latchkey {

/// What became of one key file.
struct KeyRead {
  std::string file;
  Result<Secret> key;  ///< fails as OpenKeys::read
};

/// Opens the keys volume read-only, reads every file and closes it again. `say` is
/// told what people should know. Fails with the codes of OpenKeys::open and close.
/// A file that cannot be read fails alone; `files` are those of all volumes, so that of one that
/// is missing it can be said which others are nobody's.
[[nodiscard]] Result<std::vector<KeyRead>> read_keys(
    const KeysVolume& volume, const std::vector<std::string>& files, const Secret& passphrase,
    const std::function<void(const std::string&)>& say);

}  // namespace latchkey
