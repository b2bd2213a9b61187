// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rekey_work.hpp"

#include <algorithm>
#include <sstream>

#include "core/text.hpp"

namespace latchkey {

std::vector<int> recorded_slots(const Unfinished& work, const std::string& key) {
  std::vector<int> slots;
  std::istringstream words(work.value(key));
  for (std::string word; words >> word;)
    if (const auto number = parse_number(word, 31)) slots.push_back(static_cast<int>(*number));
  return slots;
}

std::string text_of_slots(const std::vector<int>& slots) {
  std::string text;
  for (const int slot : slots) text += (text.empty() ? "" : " ") + std::to_string(slot);
  return text;
}

std::string size_of_new_keys_volume(std::uint64_t old_bytes) {
  constexpr std::uint64_t least_mib = 64;
  return std::to_string(std::max(old_bytes >> 20U, least_mib)) + "M";
}

void forget_new_keys_volume(Unfinished& work) {
  for (const char* value : {"lv", "size", "uuid", "tag", "stays"}) work.values.erase(value);
  std::erase_if(work.done, [](const std::string& step) { return !step.starts_with("key-"); });
}

}  // namespace latchkey
