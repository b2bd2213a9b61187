// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/keys/rekey_work.hpp"

#include <algorithm>
#include <sstream>

#include "core/base/text.hpp"

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

unsigned mirrors_like(std::string_view segtype, std::string_view stripes) {
  if (segtype == "raid1" || segtype == "mirror") {
    const auto copies = parse_number(stripes, 64);
    return copies && *copies > 1 ? static_cast<unsigned>(*copies) - 1 : 0;
  }
  if (!segtype.starts_with("raid") || segtype.starts_with("raid0")) return 0;
  return segtype.starts_with("raid6") ? 2 : 1;
}

const Unfinished* work_with_key(const std::vector<Unfinished>& all,
                                const std::vector<Volume>& volumes) {
  for (const Unfinished& work : all) {
    // Of a volume that is gone nobody can finish it.
    const bool rotates = work.command == "rotate-key" &&
                         std::ranges::find(volumes, work.name, &Volume::name) != volumes.end();
    if (rotates || work.command == "create-volume" || work.command == "adopt") return &work;
  }
  return nullptr;
}

std::string why_old_keys_stay(const std::string& old, const std::string& held,
                              const std::vector<std::string>& snapshots) {
  std::vector<std::string> reasons;
  if (!held.empty()) reasons.push_back("it holds '" + held + "'");
  if (!snapshots.empty())
    reasons.push_back("it has snapshots, which would go with it: " + join(snapshots, ", "));
  if (reasons.empty()) return "";
  return "the old keys volume " + old + " stays, for " + join(reasons, ", and ") +
         "; its keys open nothing any more" +
         (snapshots.empty() ? "" : "; when nobody needs them: lvm lvremove " + old);
}

void forget_new_keys_volume(Unfinished& work) {
  for (const char* value : {"lv", "size", "mirrors", "uuid", "tag", "stays"})
    work.values.erase(value);
  std::erase_if(work.done, [](const std::string& step) { return !step.starts_with("key-"); });
}

}  // namespace latchkey
