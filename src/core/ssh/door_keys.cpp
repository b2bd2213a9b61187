// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ssh/door_keys.hpp"

#include "core/base/text.hpp"

namespace latchkey {

std::string encode_door_keys(const std::vector<DoorKey>& keys) {
  std::string out;
  for (const DoorKey& key : keys) {
    std::vector<std::string> words;
    for (const Word word : key.words) words.emplace_back(word_text(word));
    out += std::to_string(key.number) + "\t" + printable(key.fingerprint) + "\t" +
           printable(key.comment) + "\t" + join(words, ",") + "\n";
  }
  return out;
}

std::vector<DoorKey> parse_door_keys(std::string_view text) {
  std::vector<DoorKey> keys;
  for (const std::string_view line : split_lines(text)) {
    const auto parts = split(line, '\t');
    if (parts.size() != 4) continue;
    const auto number = parse_number(parts[0], 100000);
    if (!number) continue;
    DoorKey key{static_cast<int>(*number), printable(parts[1]), printable(parts[2]), {}};
    for (const std::string& name : split(parts[3], ','))
      if (const auto word = parse_word(name)) key.words.insert(*word);
    keys.push_back(std::move(key));
  }
  return keys;
}

DoorKey door_key(const std::vector<DoorKey>& keys, int number) {
  for (const DoorKey& key : keys)
    if (key.number == number) return key;
  return DoorKey{.number = number, .words = default_words()};
}

bool may_restart(const DoorKey& key) {
  return key.words.contains(Word::reboot) || key.words.contains(Word::poweroff);
}

std::string not_granted(Word word) {
  return "'" + std::string(word_text(word)) +
         "' is not granted to this key; see [ssh] grants in latchkey.conf(5)";
}

}  // namespace latchkey
