// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/crypt.hpp"

#include <libcryptsetup.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/text.hpp"
#include "core/luks/open_error.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/memory.hpp"
#include "sys/luks/luks_session.hpp"
#include "sys/storage/dm.hpp"

namespace latchkey {

LuksPlace place_of(const KeysVolume& keys) {
  return {.device = keys.device.path(),
          .header = {},
          .name = "keys",
          .uuid = keys.uuid,
          .has_keys = true};
}

LuksPlace place_of(const Volume& volume) {
  return {.device = volume.device.path(),
          .header = volume.header,
          .name = volume.name,
          .uuid = volume.uuid,
          .cipher = volume.cipher};
}

LuksPlace place_of(const Volume& volume, const BootConfig& boot) {
  LuksPlace place = place_of(volume);
  place.patience = boot.open_timeout;
  return place;
}

MappingRequest request_for(const Volume& volume) {
  return {.device = volume.device.path(),
          .mapping = volume.mapping,
          .name = volume.name,
          .uuid = volume.uuid,
          .header = volume.header,
          .cipher = volume.cipher,
          .discard = volume.discard};
}

Result<LuksHeader> read_luks_header(const LuksPlace& place) {
  if (auto answers = LuksSession::ask(place); !answers) return answers.error();
  return read_watched_header(place);
}

Result<LuksHeader> read_watched_header(const LuksPlace& place) {
  LuksSession session;
  return session.load(place);
}

Openable::Openable(std::unique_ptr<LuksSession> session, LuksHeader header, MappingRequest request)
    : session_(std::move(session)), header_(std::move(header)), request_(std::move(request)) {}
Openable::Openable(Openable&&) noexcept = default;
Openable& Openable::operator=(Openable&&) noexcept = default;
Openable::~Openable() = default;

Result<Openable> Openable::read(MappingRequest request) {
  auto session = std::make_unique<LuksSession>();
  auto header = session->load(
      {request.device, request.header, request.name, request.uuid, request.cipher}, true);
  if (!header) return header.error();
  return Openable(std::move(session), std::move(*header), std::move(request));
}

Result<> Openable::open(const Secret& key) const {
  std::uint32_t flags = 0;
  if (request_.read_only) flags |= CRYPT_ACTIVATE_READONLY;
  if (request_.discard) flags |= CRYPT_ACTIVATE_ALLOW_DISCARDS;
  if (request_.hidden) flags |= CRYPT_ACTIVATE_PRIVATE;
  const std::uint64_t memory = available_memory_kib();
  const int r = session_->activate(header_, request_.mapping.c_str(), key, flags, memory);
  if (auto error = LuksSession::short_of_memory(header_.memory_kib, r, memory,
                                                "cannot open '" + request_.name + "'",
                                                "add memory, or give it a slot that needs less"))
    return *error;
  if (r < 0)
    return open_error(request_.name, r, session_->reason(r),
                      [] { return kernel_has_target("crypt"); });
  return Ok{};
}

Result<> open_mapping(const MappingRequest& request, const Secret& key) {
  const auto openable = Openable::read(request);
  return openable ? openable->open(key) : Result<>(openable.error());
}

std::vector<std::string> passing_options(const std::string& mapping, const std::string& header) {
  constexpr std::pair<std::uint32_t, const char*> names[]{
      {CRYPT_ACTIVATE_READONLY, "readonly"},
      {CRYPT_ACTIVATE_ALLOW_DISCARDS, "allow-discards"},
      {CRYPT_ACTIVATE_SAME_CPU_CRYPT, "perf-same_cpu_crypt"},
      {CRYPT_ACTIVATE_SUBMIT_FROM_CRYPT_CPUS, "perf-submit_from_crypt_cpus"},
      {CRYPT_ACTIVATE_NO_READ_WORKQUEUE, "perf-no_read_workqueue"},
      {CRYPT_ACTIVATE_NO_WRITE_WORKQUEUE, "perf-no_write_workqueue"}};
  LuksSession session;
  crypt_device* cd = nullptr;
  const int r = crypt_init_by_name_and_header(&cd, mapping.c_str(),
                                              header.empty() ? nullptr : header.c_str());
  session.device.reset(cd);
  crypt_active_device now{};
  if (r < 0 || crypt_get_active_device(cd, mapping.c_str(), &now) < 0) return {};
  std::uint32_t kept = 0;
  if (crypt_persistent_flags_get(cd, CRYPT_FLAGS_ACTIVATION, &kept) < 0) kept = 0;
  std::vector<std::string> out;
  for (const auto& [flag, name] : names)
    if ((now.flags & flag) != 0 && (kept & flag) == 0) out.emplace_back(name);
  return out;
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

Result<> grow_mapping(const std::string& mapping, const LuksPlace& place, const Secret& key) {
  const std::string what = "cannot grow the mapping of '" + place.name + "'";
  if (auto answers = LuksSession::ask(place); !answers) return answers;
  LuksSession session;
  crypt_device* cd = nullptr;
  int r = crypt_init_by_name_and_header(&cd, mapping.c_str(),
                                        place.header.empty() ? nullptr : place.header.c_str());
  session.device.reset(cd);
  if (r < 0) return system_error(-r, what);
  const auto bytes = key.reveal();
  // Into the kernel's keyring, from where the new table of LUKS2 takes it. That of LUKS1 has
  // the key itself, and its library refuses the flag.
  const bool keyring = text_of(crypt_get_type(cd)) == CRYPT_LUKS2;
  r = crypt_activate_by_passphrase(cd, nullptr, CRYPT_ANY_SLOT, bytes.data(), bytes.size(),
                                   keyring ? CRYPT_ACTIVATE_KEYRING_KEY : 0U);
  if (r == -EPERM)
    return Error{Code::denied, what, "no key slot accepts its key",
                 "see: latchkey check --with-keys"};
  if (r >= 0) r = crypt_resize(cd, mapping.c_str(), 0);
  return r < 0 ? Result<>(system_error(-r, what)) : Result<>(Ok{});
}

}  // namespace latchkey
