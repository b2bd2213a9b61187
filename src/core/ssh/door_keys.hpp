// SPDX-License-Identifier: GPL-3.0-or-later
// /etc/latchkey/keys in the image: who the forced command's `--key N` is and
// what that key may do. Written when the image is built, from authorized_keys.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.hpp"

namespace latchkey {

/// One authorized key.
struct DoorKey {
  int number = 0;  ///< its line in authorized_keys, from 1
  std::string fingerprint{};
  std::string comment{};
  std::set<Word> words{};

  bool operator==(const DoorKey&) const = default;
};

/// One line each: number, fingerprint, comment, words separated by commas, with
/// tabs between. Texts are made printable.
[[nodiscard]] std::string encode_door_keys(const std::vector<DoorKey>& keys);

/// Reads them back; lines of another form are left out, so the key they would
/// have named has no name and only the default words.
[[nodiscard]] std::vector<DoorKey> parse_door_keys(std::string_view text);

/// The key with this number, or one without a name that has the default words.
[[nodiscard]] DoorKey door_key(const std::vector<DoorKey>& keys, int number);

/// True when it was granted a word that ends this boot: `reboot` or `poweroff`.
[[nodiscard]] bool may_restart(const DoorKey& key);

/// What a key is told that says a word which it was not granted.
[[nodiscard]] std::string not_granted(Word word);

}  // namespace latchkey
