// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/luks/slot_marks.hpp"

#include <nlohmann/json.hpp>

#include "core/base/json_field.hpp"
#include "core/base/read_json.hpp"
#include "core/base/text.hpp"
#include "core/luks/luks_ciphers.hpp"

namespace latchkey {
namespace {

// Where the salts of the eight slots of LUKS1 stand in its header.
constexpr std::size_t first_salt = 216;
constexpr std::size_t slot_bytes = 48;
constexpr std::size_t salt_bytes = 32;
constexpr int luks1_slots = 8;

constexpr std::size_t longest_mark = 200;  // whoever has the disk can have written it

// A '#' is in no name of a volume.
std::string mark_key(const std::string& key, int slot) { return key + "#" + std::to_string(slot); }

}  // namespace

std::string luks2_slot_mark(std::string_view json, int slot) {
  const nlohmann::json header = read_luks_json(json);
  const auto& slots = object_field(header, "keyslots");
  const auto& one = object_field(slots, std::to_string(slot).c_str());
  return printable(field<std::string>(object_field(one, "kdf"), "salt"), longest_mark);
}

std::string luks1_slot_mark(std::string_view bytes, int slot) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (!is_luks1(bytes) || bytes.size() < luks_header_size(bytes) || slot < 0 || slot >= luks1_slots)
    return {};
  std::string mark;
  for (const char c :
       bytes.substr(first_salt + slot_bytes * static_cast<std::size_t>(slot), salt_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    mark += digits[byte >> 4U];
    mark += digits[byte & 15U];
  }
  return mark;
}

void note_slot_mark(Unfinished& work, const std::string& key, int slot, const std::string& mark) {
  work.values[mark_key(key, slot)] = mark;
}

std::string noted_slot_mark(const Unfinished& work, const std::string& key, int slot) {
  return work.value(mark_key(key, slot));
}

bool is_another_slot(const Unfinished& work, const std::string& key, int slot,
                     const std::string& now) {
  const std::string noted = noted_slot_mark(work, key, slot);
  return !noted.empty() && noted != now;
}

}  // namespace latchkey
