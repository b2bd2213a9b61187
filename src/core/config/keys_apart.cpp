// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/keys_apart.hpp"

#include "core/base/text.hpp"

namespace latchkey {

Error is_the_keys_volume(const Volume& volume) {
  return {Code::config,
          "the volume '" + volume.name + "' is the keys volume itself, " + volume.device.text(),
          "it holds the keys, is open only while an unlock reads them, and takes no data",
          "take its line out of /etc/latchkey/volumes; to look at the keys: latchkey mount-keys"};
}

Result<> apart_from_keys(const std::vector<Volume>& volumes, const KeysVolume& keys,
                         std::string_view file) {
  for (const Volume& volume : volumes) {
    const std::string at = position(file, volume.line, 1) + ": ";
    if (volume.device.path() == keys.device.path()) {
      Error error = is_the_keys_volume(volume);
      error.what = at + error.what;
      return error;
    }
    if (volume.mapping == keys.mapping)
      return Error{Code::config,
                   at + "the volume '" + volume.name + "' has the mapping of the keys volume, '" +
                       keys.mapping + "'",
                   "every unlock would close it",
                   "give it another one there: x-latchkey.mapping=NAME"};
  }
  return Ok{};
}

}  // namespace latchkey
