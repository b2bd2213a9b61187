// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/storage/volume_adopter.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "core/base/text.hpp"
#include "core/keys/adopt_work.hpp"
#include "core/mount/file_system.hpp"
#include "core/storage/signature_kind.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/image/rebuild.hpp"
#include "latchkey/keys/slots.hpp"
#include "latchkey/storage/placing.hpp"
#include "sys/base/fd.hpp"
#include "sys/keys/passphrase.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/luks/luks.hpp"
#include "sys/luks/luks_copies.hpp"
#include "sys/mount/file_system.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/signature.hpp"

namespace latchkey {
namespace {

Result<Secret> read_key_file(const std::string& path) {
  const std::string what = "cannot read the key file '" + printable(path) + "'";
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::string hint =
      "name the file that opens the volume now, or leave --key-file out to be asked for a "
      "passphrase";
  if (!fd) return system_error(errno, what, hint);
  auto key = read_secret(fd.get(), key_limit);
  if (!key) return Error{key.error().code, what, key.error().why, key.error().hint};
  if (key->empty()) return Error{Code::usage, what, "it is empty", hint};
  return key;
}

// What lies on a device besides a mapping of its own, as people call it; empty: nothing.
std::string what_lies_on(const std::string& path) {
  await_removed_mappings(path);
  const auto number = block_device(path);
  if (!number) return {};
  for (const Mapping& one : stacked_devices())
    if (std::ranges::find(one.below, *number) != one.below.end() && !one.uuid.starts_with("CRYPT-"))
      return one.name.empty() ? "an array or a partition" : "'" + printable(one.name, 64) + "'";
  return {};
}

// One disk of a mirror, or one path to a disk, shows the header too: a key slot that is written
// there alone is not in the volume, or breaks the mirror.
Result<> is_no_part(const Volume& volume) {
  const std::string what = "will not adopt '" + volume.name + "'";
  const std::string path = volume.device.path();
  if (const std::string above = what_lies_on(path); !above.empty())
    return Error{Code::refused, what,
                 volume.device.text() + " is a part of other storage: " + above + " lies on it",
                 "name the whole: --device DEVICE; see: lsblk " + path};
  // It holds a header that was read: what cannot be read besides is no reason to leave it.
  const auto found = find_signature(path);
  if (!found || !is_part_of_storage(found->value_or(""))) return Ok{};
  return Error{Code::refused, what,
               volume.device.text() + " is a part of other storage: " + **found,
               "name the whole: --device DEVICE; see: lsblk " + path +
                   "; if it is no part of that any more, say so to what made it, as by: mdadm "
                   "--zero-superblock " +
                   path};
}

}  // namespace

VolumeAdopter::VolumeAdopter(const Globals& globals, const Setup& setup, const Adoption& asked,
                             Unfinished& work)
    : globals_(globals), setup_(setup), asked_(asked), work_(work) {}

Result<> VolumeAdopter::look() const {
  if (auto own =
          leads_to_its_own_header(asked_.volume, "will not adopt '" + asked_.volume.name + "'");
      !own)
    return own;
  const auto header = read_luks_header(place_of(asked_.volume));
  if (!header) return header.error();
  if (auto whole = is_no_part(asked_.volume); !whole) return whole;
  // Both would write to its file system, each without the other's knowledge.
  if (mappings_on(asked_.volume.device.path()).empty())
    if (auto free =
            is_used_by_nobody(asked_.volume.device, "will not adopt '" + asked_.volume.name + "'");
        !free)
      return free;
  if (header->integrity)
    return Error{Code::refused, "will not adopt '" + asked_.volume.name + "'",
                 "it was made with --integrity, which early boot cannot open",
                 "copy its data to a volume without: latchkey create-volume"};
  const std::string& type = asked_.volume.fs_type;
  // A list of types is tried one by one when it is mounted.
  if (!asked_.volume.mount_point.empty() && type != "auto" && type.find(',') == std::string::npos &&
      !can_mount_file_system(type))
    return no_driver_for(type);
  return work_.is_done("mount") ? Result<>(Ok{}) : look_at_mount_point(setup_, asked_.volume);
}

Result<> VolumeAdopter::prepare(Asker& asker) {
  // Open it may be by other means: that does not say that the stored key opens it.
  if (key_is_settled(work_)) return Ok{};
  if (asked_.volume.header.empty() && !work_.is_done("slot"))
    if (auto stands =
            stands_for_good(asked_.volume.device, "will not adopt '" + asked_.volume.name + "'",
                            "'" + asked_.volume.name + "'");
        !stands)
      return stands;
  auto session = KeysSession::open(globals_, setup_, asker, KeysAccess::write);
  if (!session) return session.error();
  keys_ = std::move(*session);
  if (auto taken = take_stored_key(); !taken) return taken;
  if (!stored_.empty()) return keys_->close();
  return ask_for_key(asker);
}

// The key that a legacy layout, a forgotten volume or an interrupted run left: when
// it opens the volume there is nothing to add.
Result<> VolumeAdopter::take_stored_key() {
  const std::string& file = asked_.volume.key_file;
  const auto files = keys_->keys().files();
  if (std::ranges::find(files, file) == files.end()) return Ok{};
  auto key = keys_->keys().read(file);
  if (!key) return key.error();
  const auto device = LuksDevice::open(place_of(asked_.volume, setup_.config.boot));
  if (!device) return device.error();
  const auto slot = device->try_passphrase(*key);  // before it has a slot that is tried first
  if (slot) {
    stored_ = std::move(*key);
    for (const char* step : {"key", "slot"})
      if (!work_.is_done(step)) work_.done.emplace_back(step);
    return Ok{};
  }
  if (slot.error().code != Code::denied) return slot.error();
  if (!work_.begun.empty()) return Ok{};  // ours, and not yet in a slot
  return Error{Code::refused, "will not replace the key file '" + file + "'",
               "it is on the keys volume and does not open '" + asked_.volume.name + "'",
               "whose key is it? look: latchkey mount-keys"};
}

Result<> VolumeAdopter::ask_for_key(Asker& asker) {
  const Volume* const line = find_volume(setup_, asked_.volume.name);
  draw_key_anew(work_, line == nullptr || line->uuid == asked_.volume.uuid);
  if (!asked_.key_file.empty()) {
    auto key = read_key_file(asked_.key_file);
    if (!key) return key.error();
    return take_existing(std::move(*key));
  }
  // An unlock is not to wait for a person, and the keys volume not to be open for one.
  const Secret passphrase = copy_of(keys_->passphrase());
  asker.let_go_while_asking({.let_go =
                                 [this] {
                                   (void)keys_->close();
                                   keys_.reset();
                                 },
                             .take_again = [&] { return open_keys_again(passphrase); }});
  auto asked =
      with_passphrase(globals_, asker, "passphrase that opens '" + asked_.volume.name + "' now",
                      [&](Secret typed) { return take_existing(std::move(typed)); });
  asker.let_go_while_asking({});
  return asked;
}

// While a person was asked everything may have come to be: the key too, by mount-keys.
Result<> VolumeAdopter::open_keys_again(const Secret& passphrase) {
  auto session = KeysSession::open(globals_, setup_, copy_of(passphrase), KeysAccess::write);
  if (!session) return session.error();
  keys_ = std::move(*session);
  if (auto looked = look(); !looked) return looked;
  return take_stored_key();
}

Result<> VolumeAdopter::take_existing(Secret key) {
  if (!stored_.empty()) return keys_->close();
  const auto device = LuksDevice::open(place_of(asked_.volume, setup_.config.boot));
  if (!device) return device.error();
  if (const auto slot = device->try_passphrase(key); !slot) return slot.error();
  // Before anything is written for it.
  if (!device->free_slot())
    return Error{Code::refused, "will not adopt '" + asked_.volume.name + "'",
                 "all key slots of its header are taken, and the key that Latchkey draws needs one",
                 "remove one that nobody needs; they are told by: cryptsetup luksDump"};
  existing_ = std::move(key);
  return Ok{};
}

std::vector<WorkStep> VolumeAdopter::steps() {
  const std::string device = asked_.volume.device.text();
  return {
      {"key", "drawing a key for '" + asked_.volume.name + "'", [this] { return write_key(); }},
      {"slot", "adding a key slot to " + device + "; the others stay",
       [this] { return add_slot(); }},
      note_step(globals_),
      {"configure", "", [this] { return write_volume_line(globals_.paths, asked_.volume); }},
      {"mount", "", [this] { return mount(); }},
      {"image", "", [this] { return bring_images_up_to_date(globals_); }},
  };
}

Result<> VolumeAdopter::write_key() {
  auto key = RandomKey::draw();
  if (!key) return key.error();
  const auto written = keys_->keys().write(asked_.volume.key_file, key->secret());
  if (!written) return written;
  if (auto closed = keys_->close(); !closed) return closed;
  drawn_ = std::move(*key);
  return Ok{};
}

Result<> VolumeAdopter::add_slot() {
  auto device = LuksDevice::open(place_of(asked_.volume, setup_.config.boot));
  if (!device) return device.error();
  const auto slot = device->add_slot(existing_, *drawn_);
  if (!slot) return slot.error();
  return device->try_slot(*slot, drawn_->secret());
}

Result<> VolumeAdopter::mount() {
  return open_and_mount(globals_.paths, asked_.volume, drawn_ ? drawn_->secret() : stored_);
}

}  // namespace latchkey
