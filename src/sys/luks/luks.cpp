// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/luks.hpp"

#include <fcntl.h>
#include <libcryptsetup.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/base/message.hpp"
#include "core/base/read_json.hpp"
#include "core/base/text.hpp"
#include "core/luks/luks_limits.hpp"
#include "core/luks/luks_slots.hpp"
#include "core/luks/open_error.hpp"
#include "core/luks/slot_marks.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/memory.hpp"
#include "sys/luks/luks_bytes.hpp"
#include "sys/luks/luks_session.hpp"
#include "sys/storage/disk_health.hpp"

namespace latchkey {
namespace {

constexpr std::uint32_t cheap_rounds = 1000;  // the fewest that the library accepts

// Nobody can guess 512 random bits, however little a guess costs.
Result<> choose_cheap(LuksSession& session) {
  crypt_pbkdf_type kdf{};
  kdf.type = CRYPT_KDF_PBKDF2;
  kdf.hash = "sha256";
  kdf.iterations = cheap_rounds;
  kdf.flags = CRYPT_PBKDF_NO_BENCHMARK;
  const int r = crypt_set_pbkdf_type(session.get(), &kdf);
  if (r < 0) return Error{Code::io, "cannot choose a key derivation", session.reason(r)};
  return Ok{};
}

Result<> choose_costly(LuksSession& session, const PassphraseCost& cost) {
  crypt_pbkdf_type kdf{};
  const bool luks1 = text_of(crypt_get_type(session.get())) == CRYPT_LUKS1;
  kdf.type = luks1 ? CRYPT_KDF_PBKDF2 : CRYPT_KDF_ARGON2ID;
  kdf.hash = "sha256";
  kdf.time_ms = cost.milliseconds;
  kdf.max_memory_kb = luks1 ? 0 : cost.memory_kib;
  kdf.parallel_threads = luks1 ? 0 : cost.threads;
  const int r = crypt_set_pbkdf_type(session.get(), &kdf);
  if (r < 0) return Error{Code::io, "cannot choose a key derivation", session.reason(r)};
  return Ok{};
}

}  // namespace

const std::string& written_to(const LuksPlace& place) {
  return place.header.empty() ? place.device : place.header;
}

Result<> sync_device(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return system_error(errno, "cannot write to '" + path + "'");
  return Ok{};
}

Error slot_error(const LuksSession& session, const std::string& what, int r) {
  if (r == -EPERM)
    return {Code::denied, what, "no key slot accepts this passphrase or key", "try again"};
  // A disk that hangs after its header was read lets no derivation begin.
  if (r == -ETIME)
    if (const auto answer = ask_disk(session.header_device()); !answer)
      return {answer.error().code, what, "its disk cannot be read: " + answer.error().why,
              unread_disk_hint()};
  if (r == -ETIME)
    return {
        Code::timeout, what,
        "its key derivation took longer than " + std::to_string(session.patience.count()) + " s",
        "raise open_timeout in [boot] if the machine is that slow; if this header is not from "
        "you, restore your own from a backup: latchkey restore FILE"};
  if (r == -ENOKEY) return no_slot_error(what);
  if (r == -ENOMEM)
    return {Code::memory, what, "not enough memory for the key derivation", less_memory_hint()};
  if (r == -EINVAL && session.said.empty())
    return {Code::refused, what, "all key slots are taken, or the cipher has no such key size",
            "look at: cryptsetup luksDump"};
  if (r == -ENOENT || r == -ENOTSUP)
    return {Code::kernel, what, session.reason(r),
            "the kernel lacks this cipher or hash; see: dmesg, /proc/crypto"};
  return {r == -EINVAL ? Code::refused : Code::io, what, session.reason(r)};
}

std::uint32_t usual_key_bits(const std::string& cipher) {
  return cipher.find("xts") != std::string::npos ? 512 : 256;
}

LuksDevice::LuksDevice(std::unique_ptr<LuksSession> session, LuksHeader header,
                       const LuksPlace& place)
    : session_(std::move(session)),
      header_(std::move(header)),
      name_(place.name),
      has_keys_(place.has_keys) {}
LuksDevice::LuksDevice(LuksDevice&&) noexcept = default;
LuksDevice& LuksDevice::operator=(LuksDevice&&) noexcept = default;
LuksDevice::~LuksDevice() = default;

Result<LuksDevice> LuksDevice::open(const LuksPlace& place) {
  if (auto answers = LuksSession::ask(place); !answers) return answers.error();
  auto session = std::make_unique<LuksSession>();
  auto header = session->load(place);
  if (!header) return header.error();
  return LuksDevice(std::move(session), std::move(*header), place);
}

Result<LuksDevice> LuksDevice::make(const LuksFormat& format) {
  auto session = std::make_unique<LuksSession>();
  if (auto begun = session->init(format.place); !begun) return begun.error();
  const std::string what = "cannot encrypt '" + format.place.name + "'";
  const std::string spec = format.cipher.empty() ? "aes-xts-plain64" : format.cipher;
  const auto dash = spec.find('-');
  if (dash == std::string::npos || dash == 0 || dash + 1 == spec.size())
    return Error{Code::usage, what, "'" + printable(spec) + "' is no cipher",
                 "write it as aes-xts-plain64 or xchacha12,aes-adiantum-plain64"};
  const std::uint32_t bits = format.key_bits != 0 ? format.key_bits : usual_key_bits(spec);
  crypt_params_luks2 params{};
  params.sector_size = format.sector_size;
  // The digest is a derivation too, and as needless as the slot's.
  if (auto cheap = choose_cheap(*session); !cheap) return cheap.error();
  const int r = crypt_format(session->get(), CRYPT_LUKS2, spec.substr(0, dash).c_str(),
                             spec.substr(dash + 1).c_str(), format.place.uuid.c_str(), nullptr,
                             bits / 8, &params);
  if (r < 0) {
    Error error = slot_error(*session, what, r);
    if (error.code == Code::refused || error.code == Code::io) error.code = Code::usage;
    if (error.hint.empty()) error.hint = "look at --cipher, --key-size and --sector-size";
    return error;
  }
  return LuksDevice(std::move(session), {}, format.place);
}

Result<LuksDevice> LuksDevice::format(const LuksFormat& format, const RandomKey& key) {
  auto made = make(format);
  if (!made) return made;
  const auto slot = made->add(nullptr, key.secret());
  if (!slot) return slot.error();
  if (auto synced = sync_device(written_to(format.place)); !synced) return synced.error();
  return open(format.place);
}

Result<LuksDevice> LuksDevice::format(const LuksFormat& format, const Secret& passphrase,
                                      const PassphraseCost& cost) {
  auto made = make(format);
  if (!made) return made;
  if (auto chosen = choose_costly(*made->session_, cost); !chosen) return chosen.error();
  const auto slot = made->add(nullptr, passphrase);
  if (!slot) return slot.error();
  if (auto synced = sync_device(written_to(format.place)); !synced) return synced.error();
  return open(format.place);
}

// A passphrase of the keys volume may have many costly slots to be tried on, and nobody but its
// owner waits for it. A data volume's header costs what whoever wrote it wants.
int LuksDevice::derive(const Secret& key, std::size_t slots,
                       const std::function<int(const Secret&)>& work) const {
  const auto patience = time_for_slots(session_->patience, slots);
  return has_keys_ ? work(key) : session_->derive_within(patience, key, work);
}

Result<int> LuksDevice::try_key(const Secret& key) const { return try_slots(key, 1); }

Result<int> LuksDevice::try_passphrase(const Secret& key) const {
  return try_slots(key, header_.slots.size());
}

Result<int> LuksDevice::try_slots(const Secret& key, std::size_t slots) const {
  const std::string what = "cannot open '" + name_ + "'";
  session_->said.clear();
  const std::uint64_t memory = available_memory_kib();
  const int r = derive(key, slots, [&](const Secret& sent) {
    return session_->activate(header_, nullptr, sent, 0, memory);
  });
  if (auto error = LuksSession::short_of_memory(header_.memory_kib, r, memory, what, "add memory"))
    return *error;
  if (r < 0) return slot_error(*session_, what, r);
  return r;
}

Result<> LuksDevice::try_slot(int slot, const Secret& key) const {
  const std::string what = "cannot open slot " + std::to_string(slot) + " of '" + name_ + "'";
  session_->said.clear();
  // To try it all the same would have the OOM killer end some process.
  const auto cost = std::ranges::find(header_.slots, slot, &SlotCost::slot);
  const std::uint64_t wanted = cost == header_.slots.end() ? 0 : cost->memory_kib;
  if (auto error = LuksSession::short_of_memory(wanted, -ENOMEM, available_memory_kib(), what,
                                                "end what uses the memory, or add some"))
    return *error;
  const int r = derive(key, 1, [&](const Secret& sent) {
    const auto bytes = sent.reveal();
    return crypt_activate_by_passphrase(session_->get(), nullptr, slot, bytes.data(), bytes.size(),
                                        0);
  });
  return r < 0 ? Result<>(slot_error(*session_, what, r)) : Result<>(Ok{});
}

Result<int> LuksDevice::add(const Secret* existing, const Secret& key, int slot) {
  if (slot != any_slot && has_slot(slot))
    return Error{Code::refused, "cannot add a key slot to '" + name_ + "'",
                 "slot " + std::to_string(slot) + " is taken", "look at: cryptsetup luksDump"};
  session_->said.clear();
  const auto fresh = key.reveal();
  int r = 0;
  if (existing == nullptr) {
    r = crypt_keyslot_add_by_volume_key(session_->get(), slot, nullptr, 0, fresh.data(),
                                        fresh.size());
  } else {
    const auto old = existing->reveal();
    r = crypt_keyslot_add_by_passphrase(session_->get(), slot, old.data(), old.size(),
                                        fresh.data(), fresh.size());
  }
  if (r < 0) return slot_error(*session_, "cannot add a key slot to '" + name_ + "'", r);
  return r;
}

Result<int> LuksDevice::add_slot(const Secret& existing, const RandomKey& key, int wanted) {
  if (auto cheap = choose_cheap(*session_); !cheap) return cheap.error();
  auto slot = add(&existing, key.secret(), wanted);
  if (!slot) return slot;
  // Tried after a costly one it would cost as much. LUKS1 knows no such order.
  (void)crypt_keyslot_set_priority(session_->get(), *slot, CRYPT_SLOT_PRIORITY_PREFER);
  if (auto done = refresh(); !done) return done.error();
  return slot;
}

Result<int> LuksDevice::add_slot(const Secret& existing, const Secret& passphrase,
                                 const PassphraseCost& cost, int wanted) {
  if (auto chosen = choose_costly(*session_, cost); !chosen) return chosen.error();
  auto slot = add(&existing, passphrase, wanted);
  if (!slot) return slot;
  if (auto done = refresh(); !done) return done.error();
  return slot;
}

bool LuksDevice::has_slot(int slot) const {
  return std::ranges::any_of(header_.slots,
                             [&](const SlotCost& there) { return there.slot == slot; });
}

Result<int> LuksDevice::free_slot() const {
  const int slots = crypt_keyslot_max(crypt_get_type(session_->get()));
  for (int slot = 0; slot < slots; ++slot)
    if (crypt_keyslot_status(session_->get(), slot) == CRYPT_SLOT_INACTIVE) return slot;
  return Error{Code::refused, "cannot add a key slot to '" + name_ + "'", "all slots are taken",
               has_keys_ ? "remove one that nobody needs: latchkey remove-passphrase lists them"
                         : "see what they are for: latchkey check --with-keys"};
}

std::string LuksDevice::slot_mark(int slot) const {
  if (!has_slot(slot)) return {};
  if (header_.type == CRYPT_LUKS2) {
    const char* json = nullptr;
    if (crypt_dump_json(session_->get(), &json, 0) != 0) return {};
    return luks2_slot_mark(text_of(json), slot);
  }
  const auto bytes = read_luks_bytes(session_->header_device());
  return bytes ? luks1_slot_mark(*bytes, slot) : std::string();
}

Result<> LuksDevice::remove_slot(int slot) {
  const std::string what = "cannot remove key slot " + std::to_string(slot) + " of '" + name_ + "'";
  const crypt_keyslot_info state = crypt_keyslot_status(session_->get(), slot);
  if (state == CRYPT_SLOT_INACTIVE) return Ok{};
  if (state == CRYPT_SLOT_ACTIVE_LAST)
    return Error{Code::refused, what, "it is the last one: nothing would open the volume any more",
                 "add another one first"};
  session_->said.clear();
  const int r = crypt_keyslot_destroy(session_->get(), slot);
  if (r < 0) return slot_error(*session_, what, r);
  return refresh();
}

std::map<int, std::string> LuksDevice::slot_names() const {
  std::map<int, std::string> names;
  if (header_.type != CRYPT_LUKS2) return names;
  for (int token = 0; token < crypt_token_max(CRYPT_LUKS2); ++token) {
    const char* json = nullptr;
    if (crypt_token_json_get(session_->get(), token, &json) < 0 || json == nullptr) continue;
    const auto read = read_json(json);
    if (!read.is_object() || read.value("type", "") != slot_name_token) continue;
    const auto name = read.find("name");
    if (name == read.end() || !name->is_string()) continue;
    for (const SlotCost& slot : header_.slots)
      if (crypt_token_is_assigned(session_->get(), token, slot.slot) == 0)
        names[slot.slot] = printable(name->get<std::string>(), 64);
  }
  return names;
}

Result<> LuksDevice::name_slot(int slot, const std::string& name) {
  const std::string what = "cannot name key slot " + std::to_string(slot) + " of '" + name_ + "'";
  if (header_.type != CRYPT_LUKS2)
    return Error{Code::refused, what, "a LUKS1 header has no room for names", ""};
  session_->said.clear();
  for (int token = 0; token < crypt_token_max(CRYPT_LUKS2); ++token) {
    const char* json = nullptr;
    if (crypt_token_json_get(session_->get(), token, &json) < 0 || json == nullptr) continue;
    const auto read = read_json(json);
    if (!read.is_object() || read.value("type", "") != slot_name_token) continue;
    // Ours and of this slot, or of a slot that is gone.
    const bool orphan = !read.contains("keyslots") || read["keyslots"].empty();
    if (orphan || crypt_token_is_assigned(session_->get(), token, slot) == 0)
      if (const int r = crypt_token_json_set(session_->get(), token, nullptr); r < 0)
        return slot_error(*session_, what, r);
  }
  const nlohmann::json json{
      {"type", slot_name_token}, {"keyslots", {std::to_string(slot)}}, {"name", name}};
  const int r = crypt_token_json_set(session_->get(), CRYPT_ANY_TOKEN, json.dump().c_str());
  if (r < 0) return slot_error(*session_, what, r);
  return refresh();
}

// What the header says now, and that it is on the disk.
Result<> LuksDevice::refresh() {
  if (auto synced = sync_device(session_->header_device()); !synced) return synced;
  auto header = session_->judge({.name = name_});
  if (!header) return header.error();
  header_ = std::move(*header);
  return Ok{};
}

}  // namespace latchkey
