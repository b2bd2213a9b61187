// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/luks/luks_slots.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/bytes.hpp"
#include "core/base/json_field.hpp"
#include "core/base/read_json.hpp"
#include "core/base/text.hpp"
#include "core/luks/luks_ciphers.hpp"
#include "core/luks/slot_cost.hpp"

namespace latchkey {
namespace {

using Json = nlohmann::json;

// Where the eight slots of LUKS1 stand in its header.
constexpr std::size_t first_slot = 208;
constexpr std::size_t slot_size = 48;
constexpr std::size_t digest_rounds = 164;  // and where those of its digest do
constexpr std::uint64_t slot_in_use = 0x00ac71f3;

std::vector<SlotCost> luks1_slots(std::string_view bytes) {
  std::vector<SlotCost> out;
  for (int slot = 0; slot < 8; ++slot) {
    const std::size_t at = first_slot + slot_size * static_cast<std::size_t>(slot);
    if (big_endian(bytes, at, 4) != slot_in_use) continue;
    out.push_back({.slot = slot, .kdf = "pbkdf2", .iterations = big_endian(bytes, at + 4, 4)});
  }
  return out;
}

std::uint64_t number(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_number_unsigned() ? at->get<std::uint64_t>() : 0;
}

// The slots that a token (of the header's JSON) is for.
std::vector<int> slots_of_token(const Json& token) {
  std::vector<int> out;
  const auto slots = token.find("keyslots");
  if (slots == token.end() || !slots->is_array()) return out;
  for (const Json& slot : *slots)
    if (const auto at = slot.is_string() ? parse_number(slot.get<std::string>(), 31)
                                         : std::optional<unsigned long>())
      out.push_back(static_cast<int>(*at));
  return out;
}

// Those whose key a program drew at random and keeps elsewhere. Their slots are cheap on purpose.
std::set<int> drawn_slots(const Json& json) {
  constexpr std::string_view types[]{"clevis", "systemd-tpm2", "systemd-fido2", "systemd-pkcs11",
                                     "systemd-recovery"};
  std::set<int> out;
  for (const auto& entry : object_field(json, "tokens").items()) {
    if (!entry.value().is_object()) continue;
    if (std::ranges::find(types, field<std::string>(entry.value(), "type")) == std::end(types))
      continue;
    for (const int slot : slots_of_token(entry.value())) out.insert(slot);
  }
  return out;
}

std::vector<SlotCost> luks2_slots(const Json& json) {
  std::vector<SlotCost> out;
  const std::set<int> drawn = drawn_slots(json);
  for (const auto& entry : object_field(json, "keyslots").items()) {
    const auto slot = parse_number(entry.key(), 31);
    if (!slot || !entry.value().is_object()) continue;
    const Json& kdf = object_field(entry.value(), "kdf");
    SlotCost cost{.slot = static_cast<int>(*slot),
                  .cipher = field<std::string>(object_field(entry.value(), "area"), "encryption"),
                  .kdf = field<std::string>(kdf, "type"),
                  .memory_kib = number(kdf, "memory"),
                  .threads = number(kdf, "cpus")};
    if (cost.kdf.empty()) continue;
    cost.drawn = drawn.contains(cost.slot);
    cost.iterations = number(kdf, cost.kdf == "pbkdf2" ? "iterations" : "time");
    out.push_back(std::move(cost));
  }
  std::ranges::sort(out, {}, &SlotCost::slot);
  return out;
}

std::string mebibytes(std::uint64_t kib) { return std::to_string(kib / 1024) + " MiB"; }

std::string cost_text(const SlotCost& slot) {
  const std::string kdf = printable(slot.kdf, 20);
  if (slot.kdf == "pbkdf2") return kdf + ", " + std::to_string(slot.iterations) + " rounds";
  return kdf + ", " + mebibytes(slot.memory_kib);
}

// `2 × argon2id, 1024 MiB; 1 × pbkdf2, 500000 rounds`.
std::string costs_text(std::span<const SlotCost> slots) {
  std::vector<std::pair<std::string, int>> counts;
  for (const SlotCost& slot : slots) {
    const std::string text = cost_text(slot);
    const auto same = std::ranges::find(counts, text, &std::pair<std::string, int>::first);
    if (same == counts.end())
      counts.emplace_back(text, 1);
    else
      ++same->second;
  }
  std::vector<std::string> parts;
  for (const auto& one : counts) parts.push_back(std::to_string(one.second) + " × " + one.first);
  return join(parts, "; ");
}

}  // namespace

Result<std::vector<SlotCost>> parse_luks_slots(std::string_view bytes) {
  if (is_luks1(bytes)) {
    if (bytes.size() < luks_header_size(bytes))
      return Error{Code::damaged, "cannot read the LUKS header", "it is cut short", ""};
    return luks1_slots(bytes);
  }
  const auto json = luks2_json(bytes);
  if (!json) return json.error();
  return luks2_slots(*json);
}

std::optional<std::uint64_t> luks1_digest_rounds(std::string_view bytes) {
  if (!is_luks1(bytes) || bytes.size() < luks_header_size(bytes)) return {};
  return big_endian(bytes, digest_rounds, 4);
}

std::optional<std::uint64_t> luks2_digest_rounds(std::string_view json) {
  const Json header = read_luks_json(json);
  std::uint64_t most = 0;
  for (const Json& digest : object_field(header, "digests")) {
    const auto rounds = digest.find("iterations");
    if (rounds == digest.end() || !rounds->is_number_unsigned()) return {};
    most = std::max(most, rounds->get<std::uint64_t>());
  }
  return header.is_object() ? std::optional(most) : std::nullopt;
}

std::map<int, std::string> parse_slot_names(std::string_view bytes) {
  std::map<int, std::string> names;
  const auto json = luks2_json(bytes);
  if (!json) return names;
  for (const auto& entry : object_field(*json, "tokens").items()) {
    if (!entry.value().is_object() || field<std::string>(entry.value(), "type") != slot_name_token)
      continue;
    for (const int slot : slots_of_token(entry.value()))
      names[slot] = printable(field<std::string>(entry.value(), "name"), 64);
  }
  return names;
}

bool has_requirements(std::string_view bytes) {
  const auto json = luks2_json(bytes);
  if (!json) return false;
  const Json& asked = object_field(object_field(*json, "config"), "requirements");
  const auto list = asked.find("mandatory");
  return list != asked.end() && list->is_array() && !list->empty();
}

Result<> judge_passphrase_name(const std::string& name) {
  const std::string what = "cannot add a passphrase named '" + printable(name) + "'";
  if (name.empty() || name.size() > 64 || printable(name, 64) != name || name.front() == '-')
    return Error{Code::usage, what, "a name has 1 to 64 plain characters", "choose another name"};
  if (name == recovery_slot_name)
    return Error{Code::usage, what,
                 "recovery keys have this name, and a new one takes the place of the one before",
                 "choose another name; for a key on paper: latchkey recovery-key keys"};
  return Ok{};
}

std::string inherited_slot_name(const std::string& name) {
  return name == recovery_slot_name ? "" : name;
}

std::vector<int> older_recovery_slots(const std::map<int, std::string>& names, int fresh,
                                      int opened) {
  std::vector<int> older;
  for (const auto& [slot, name] : names)
    if (name == recovery_slot_name && slot != fresh && slot != opened) older.push_back(slot);
  return older;
}

bool is_cheap(const SlotCost& slot) {
  return slot.kdf == "pbkdf2" && slot.iterations <= most_cheap_rounds;
}

std::optional<Error> judge_data_slots(std::span<const SlotCost> slots, const std::string& name) {
  const std::string what = "the key slots of '" + name + "' ";
  if (slots.empty())
    return Error{Code::damaged, "'" + name + "' has no key slot", "nothing opens it",
                 "restore its header from a backup: latchkey restore FILE"};
  if (std::ranges::any_of(slots, is_cheap)) return {};
  return Error{Code::memory, what + "take long to open", costs_text(slots),
               "run: latchkey rotate-key " + name + "; a random key needs no costly slot"};
}

std::vector<Error> judge_keys_slots(std::span<const SlotCost> slots, std::uint64_t machine_kib) {
  if (slots.empty())
    return {{Code::damaged, "the keys volume has no key slot", "no passphrase opens it",
             "restore its header from a backup: latchkey restore FILE"}};
  std::vector<Error> out;
  // What a new slot gets at least is never complained of.
  const std::uint64_t most = std::max(machine_kib / 4, least_slot_memory_kib);
  for (const SlotCost& slot : slots) {
    const std::string which = "key slot " + std::to_string(slot.slot) + " of the keys volume ";
    if (machine_kib > 0 && slot.memory_kib > most)
      out.push_back({Code::memory, which + "may not open in early boot",
                     "it takes " + mebibytes(slot.memory_kib) + " of this machine's " +
                         mebibytes(machine_kib),
                     "run: latchkey change-passphrase; it makes a slot that fits"});
    if (!slot.drawn && slot.kdf == "pbkdf2" && slot.iterations < least_passphrase_rounds)
      out.push_back({Code::refused, which + "is cheap to guess at",
                     cost_text(slot) + ", fewer than the " +
                         std::to_string(least_passphrase_rounds) + " that a passphrase needs",
                     "run: latchkey change-passphrase; it makes a costly slot"});
  }
  return out;
}

std::string slot_text(const std::map<int, std::string>& names, int slot) {
  const auto name = names.find(slot);
  const std::string number = "slot " + std::to_string(slot);
  return name == names.end() ? number : "'" + name->second + "' (" + number + ")";
}

}  // namespace latchkey
