// SPDX-License-Identifier: GPL-3.0-or-later
// What is where a part of a backup belongs, before anything is written there.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "latchkey/keys/restorer.hpp"
#include "sys/keys/keys_volume.hpp"
#include "sys/luks/header_copy.hpp"
#include "sys/luks/luks.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/device_owner.hpp"
#include "sys/storage/loop.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/storage/lvm_admin.hpp"
#include "sys/storage/probe.hpp"
#include "sys/storage/signature.hpp"

namespace latchkey {
namespace {

bool named_by_kernel(const std::string& path) { return DeviceRef{.value = path}.may_change(); }

// Why a keys volume that opens cannot be mounted.
std::string why_unread(const Error& error, const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::uint32_t sector = fd ? sector_size(fd.get()) : 0;
  return sentence(error) +
         (sector > 1024 ? "; the sectors of its disk have " + std::to_string(sector) +
                              " bytes, and a file system of smaller blocks is not mounted there"
                        : "");
}

// Fills in who has the part's device open: a mapping, a file system.
void find_user(const BackupPart& part, RestoreFact& fact) {
  const std::string path = device_of(part).path();
  if (!block_device(path)) return;
  if (const auto user = mapping_of(part)) {
    fact.user = "'" + printable(user->name, 64) + "' lies on it";
    fact.user_is_ours = is_luks_mapping(*user, part.uuid);
    return;
  }
  const Fd alone(::open(path.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
  if (!alone && errno == EBUSY) fact.user = "something mounted it or lies on it";
}

}  // namespace

Result<RestoreFact> Restorer::look(const BackupPart& part) {
  RestoreFact fact;
  fact.begun = is_begun(work_, part);
  fact.named = is_named(part);
  if (part.kind == BackupPart::Kind::keys)
    if (const auto other = other_keys()) fact.replaced_by = other->device.text();
  const std::string path = target_of(part);
  look_at_lv(part, path, fact);
  if (can_make_header_file(part.header)) {
    // As if it were empty.
    fact.present = true;
    find_user(part, fact);
    return fact;
  }
  if (::access(path.c_str(), F_OK) != 0) return fact;
  fact.present = true;
  fact.may_change = named_by_kernel(path);
  if (fact.named || fact.may_change) fact.others = why_not_its_device(part);
  fact.size = device_size(path);
  const auto found = find_signature(path);
  if (!found && found.error().code == Code::timeout) return found.error();
  if (found)
    fact.signature = found->value_or("");
  else
    fact.unseen = found.error().why;
  find_user(part, fact);
  if (auto looked = look_at_header(part, path, fact); !looked) return looked.error();
  return fact;
}

void Restorer::look_at_lv(const BackupPart& part, const std::string& path, RestoreFact& fact) {
  const DeviceRef device = device_of(part);
  if (!part.header.empty() || device.kind != DeviceRef::Kind::lv) return;
  (void)activate_lvs({device.text()});
  fact.partial = lv_health(device.text()) == "partial";
  // Asked last: where a disk hangs, it takes two minutes to say so.
  if (fact.partial || block_device(path)) return;
  const auto lv = find_lv(device);
  fact.can_make = lv && !*lv && find_vg(device.vg);
}

Result<> Restorer::look_at_header(const BackupPart& part, const std::string& path,
                                  RestoreFact& fact) {
  // Through a device that cannot be written: the library would mend what it reads.
  const auto loop = LoopDevice::attach(path, 0, 0);
  if (!loop) return loop.error();
  const auto header = LuksDevice::open(
      {.device = loop->path(), .name = part.name, .patience = derivation_patience(globals_.paths)});
  if (!header) {
    // What cannot be read at all, or must not be judged, is not written to.
    if (header.error().code == Code::damaged) return Ok{};
    if (header.error().code != Code::refused) return header.error();
    fact.header = true;
    fact.uuid = "of a header that latchkey does not open";
    return Ok{};
  }
  fact.header = true;
  fact.uuid = header->header().uuid;
  if (part.kind == BackupPart::Kind::keys) return look_at_keys(loop->path(), path, fact);
  // The key in use may be newer than the backup: then nothing is lost either.
  const auto tried = try_keys(*header, live_key(part.name), saved_key(part.name));
  if (!tried) return tried.error();
  fact.opens = tried->opens || tried->saved_opens;
  return Ok{};
}

Result<> Restorer::look_at_keys(const std::string& device, const std::string& path,
                                RestoreFact& fact) {
  auto keys = open_to_read(device, "");
  if (!keys && keys.error().code != Code::denied && keys.error().code != Code::damaged)
    return keys.error();
  fact.opens = keys || keys.error().code == Code::damaged;
  fact.whole = static_cast<bool>(keys);
  if (!keys) {
    fact.unread = why_unread(keys.error(), path);
    return Ok{};
  }
  if (fact.replaced_by.empty()) read_live_keys(*keys);
  return keys->close();
}

}  // namespace latchkey
