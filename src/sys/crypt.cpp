// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/crypt.hpp"

#include <libcryptsetup.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/luks_limits.hpp"
#include "core/text.hpp"
#include "sys/dm.hpp"
#include "sys/fd.hpp"
#include "sys/handle.hpp"

namespace latchkey {
namespace {

using CryptDevice = Handle<crypt_device, crypt_free>;

// A device and what the library said about it last.
struct Session {
  std::string said{};
  CryptDevice device{};

  [[nodiscard]] std::string reason(int r) const {
    return said.empty() ? std::strerror(-r) : printable(said, 300);
  }
};

void keep_error(int level, const char* text, void* user) {
  if (level != CRYPT_LOG_ERROR) return;
  static_cast<Session*>(user)->said = trim(text);
}

std::string digest_json(crypt_device* cd) {
  const char* json = nullptr;
  if (crypt_dump_json(cd, &json, 0) != 0 || json == nullptr) return {};
  return json;
}

// The digest of a LUKS2 header is a derivation too, and the library's interface
// does not tell its cost: it stands in the header's JSON.
std::uint64_t costliest_digest(crypt_device* cd) {
  std::uint64_t most = 0;
  const auto header = nlohmann::json::parse(digest_json(cd), nullptr, false);
  if (!header.is_object() || !header.contains("digests")) return 0;
  for (const auto& [id, digest] : header["digests"].items()) {
    const auto iterations = digest.find("iterations");
    if (iterations != digest.end() && iterations->is_number_unsigned())
      most = std::max(most, iterations->get<std::uint64_t>());
  }
  return most;
}

Result<LuksHeader> judge(Session& session, const std::string& name, const std::string& uuid) {
  crypt_device* const cd = session.device.get();
  LuksHeader header;
  header.type = crypt_get_type(cd);
  header.uuid = crypt_get_uuid(cd) == nullptr ? "" : crypt_get_uuid(cd);
  header.cipher = std::string(crypt_get_cipher(cd)) + "-" + crypt_get_cipher_mode(cd);

  LuksCosts costs;
  costs.cipher = header.cipher;
  costs.digest_iterations = header.type == "LUKS2" ? costliest_digest(cd) : 0;
  std::uint32_t flags = 0;
  if (header.type == "LUKS2" &&
      crypt_persistent_flags_get(cd, CRYPT_FLAGS_REQUIREMENTS, &flags) == 0)
    costs.requirements = flags != 0;
  const int slots = crypt_keyslot_max(crypt_get_type(cd));
  for (int slot = 0; slot < slots; ++slot) {
    const crypt_keyslot_info state = crypt_keyslot_status(cd, slot);
    if (state != CRYPT_SLOT_ACTIVE && state != CRYPT_SLOT_ACTIVE_LAST) continue;
    crypt_pbkdf_type kdf{};
    std::size_t key_size = 0;
    const char* cipher = crypt_keyslot_get_encryption(cd, slot, &key_size);
    SlotCost cost{.slot = slot, .cipher = cipher == nullptr ? "" : cipher};
    if (crypt_keyslot_get_pbkdf(cd, slot, &kdf) == 0) {
      cost.kdf = kdf.type == nullptr ? "" : kdf.type;
      cost.iterations = kdf.iterations;
      cost.memory_kib = kdf.max_memory_kb;
      cost.threads = kdf.parallel_threads;
    }
    header.memory_kib = std::max(header.memory_kib, cost.memory_kib);
    costs.slots.push_back(std::move(cost));
  }
  if (!uuid.empty() && header.uuid != uuid)
    return Error{Code::refused, "will not open '" + name + "'",
                 "its header has the UUID " + printable(header.uuid) + " and not " + uuid,
                 "another disk stands in its place? correct x-latchkey.uuid if that is meant"};
  if (auto refused = judge_costs(costs, name)) return *refused;
  return header;
}

Result<LuksHeader> load(Session& session, const std::string& device, const std::string& name,
                        const std::string& uuid) {
  const std::string what = "cannot open '" + name + "'";
  crypt_device* cd = nullptr;
  int r = crypt_init(&cd, device.c_str());
  session.device.reset(cd);
  if (r < 0) return system_error(-r, what + " on '" + device + "'");
  crypt_set_log_callback(cd, keep_error, &session);
  r = crypt_load(cd, CRYPT_LUKS, nullptr);
  if (r == -EINVAL || r == -EBADMSG)
    return Error{Code::damaged, what, "'" + device + "' has no valid LUKS header",
                 "if it had one, restore it from a backup; nothing was written"};
  if (r == -ENOMEM) return Error{Code::memory, what, session.reason(r), "add memory"};
  if (r < 0) return Error{Code::io, what, session.reason(r), ""};
  return judge(session, name, uuid);
}

// What the library's answer to an activation means. The two halves of an
// opening (key slot, kernel) share its error numbers, so the kernel is asked.
Error activation_error(const Session& session, const MappingRequest& request, int r) {
  const std::string what = "cannot open '" + request.name + "'";
  switch (-r) {
    case EPERM:
      return {Code::denied, what, "no key slot accepts this passphrase or key", "try again"};
    case ENOMEM:
      return {Code::memory, what, "not enough memory for its key derivation",
              "add memory, or give it a slot that needs less"};
    case EEXIST:
    case EBUSY:
      return {Code::busy, what, "its mapping or its device is in another use",
              "look at: dmsetup ls --tree"};
    case ENOENT:
      return {Code::kernel, what,
              "the kernel lacks a cipher or hash it needs (" + session.reason(r) + ")",
              "rebuild the image: update-initramfs -u"};
    case ENODEV:
    case ENXIO:
      return {Code::missing, what, session.reason(r), ""};
    default: break;
  }
  if (!kernel_has_target("crypt"))
    return {Code::kernel, what, "the kernel's dm-crypt module is not loaded and cannot be",
            "rebuild the image: update-initramfs -u"};
  return {Code::io, what, session.reason(r), ""};
}

}  // namespace

std::uint64_t available_memory_kib() {
  const auto text = read_file("/proc/meminfo");
  if (!text) return 0;
  for (const std::string_view line : split_lines(*text)) {
    const auto fields = split_fields(line);
    if (fields.size() >= 2 && fields[0].text == "MemAvailable:")
      return parse_number(fields[1].text, 1UL << 50U).value_or(0);
  }
  return 0;
}

Result<LuksHeader> read_luks_header(const std::string& device, const std::string& name,
                                    const std::string& uuid) {
  Session session;
  return load(session, device, name, uuid);
}

Result<> open_mapping(const MappingRequest& request, const Secret& key) {
  Session session;
  const auto header = load(session, request.device, request.name, request.uuid);
  if (!header) return header.error();
  const std::uint64_t memory = available_memory_kib();
  if (memory != 0 && header->memory_kib > memory)
    return Error{Code::memory, "cannot open '" + request.name + "'",
                 "its key slot needs " + std::to_string(header->memory_kib / 1024) +
                     " MiB of memory and " + std::to_string(memory / 1024) + " MiB are free",
                 "add memory, or give it a slot that needs less"};
  std::uint32_t flags = 0;
  if (request.read_only) flags |= CRYPT_ACTIVATE_READONLY;
  if (request.discard) flags |= CRYPT_ACTIVATE_ALLOW_DISCARDS;
  if (request.hidden) flags |= CRYPT_ACTIVATE_PRIVATE;
  const auto bytes = key.reveal();
  const int r = crypt_activate_by_passphrase(session.device.get(), request.mapping.c_str(),
                                             CRYPT_ANY_SLOT, bytes.data(), bytes.size(), flags);
  if (r < 0) return activation_error(session, request, r);
  return Ok{};
}

Result<> close_mapping(const std::string& mapping) {
  const int r = crypt_deactivate_by_name(nullptr, mapping.c_str(), 0);
  if (r == 0 || r == -ENODEV || r == -ENOENT) return Ok{};
  const std::string what = "cannot close the mapping '" + mapping + "'";
  if (r == -EBUSY)
    return Error{Code::busy, what, "something still uses it", "look at: dmsetup ls --tree, mount"};
  return system_error(-r, what);
}

Result<> close_mapping_when_unused(const std::string& mapping) {
  const int r = crypt_deactivate_by_name(nullptr, mapping.c_str(), CRYPT_DEACTIVATE_DEFERRED);
  if (r == 0 || r == -ENODEV || r == -ENOENT) return Ok{};
  return system_error(-r, "cannot have the mapping '" + mapping + "' closed");
}

}  // namespace latchkey
