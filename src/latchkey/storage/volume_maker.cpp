// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/storage/volume_maker.hpp"

#include <algorithm>

#include "core/base/size.hpp"
#include "core/base/text.hpp"
#include "core/config/volume.hpp"
#include "core/mount/file_system.hpp"
#include "core/mount/fsck.hpp"
#include "core/storage/manual_commands.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/hold/holding.hpp"
#include "latchkey/image/rebuild.hpp"
#include "latchkey/keys/slots.hpp"
#include "latchkey/storage/placing.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/luks/luks.hpp"
#include "sys/luks/own_content.hpp"
#include "sys/mount/file_system.hpp"
#include "sys/mount/mount.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/lvm_admin.hpp"

namespace latchkey {

VolumeMaker::VolumeMaker(const Globals& globals, const Setup& setup, const NewVolume& asked,
                         Unfinished& work)
    : globals_(globals),
      setup_(setup),
      asked_(asked),
      work_(work),
      volume_(volume_of(asked, work.value("uuid"))),
      tag_(tag_of(work.value("uuid"))) {}

Result<> VolumeMaker::look() const {
  if (auto fits = fits_into_volumes(globals_.paths, setup_.config.keys, volume_); !fits)
    return fits;
  if (!can_make_file_system(asked_.fs_type)) {
    const std::string package = fsck_package(asked_.fs_type);
    return Error{Code::missing, "cannot make a file system of type '" + asked_.fs_type + "'",
                 "there is no program mkfs." + asked_.fs_type,
                 package.empty() ? "is the type right?" : "run: apt install " + package};
  }
  if (!volume_.mount_point.empty() && !can_mount_file_system(asked_.fs_type))
    return no_driver_for(asked_.fs_type);
  for (const std::string& unit : asked_.holds)
    if (auto can = can_hold(globals_.paths, unit); !can) return can;
  if (auto fine = look_at_lv(); !fine) return fine;
  return work_.is_done("mount") ? Result<>(Ok{}) : look_at_mount_point(setup_, volume_);
}

Result<> VolumeMaker::look_at_lv() const {
  const auto vg = find_vg(asked_.vg);
  if (!vg) return vg.error();
  const auto lv = find_lv(volume_.device);
  if (!lv) return lv.error();
  // With every step before `untag` done, that one may have been too, unmarked. Whoever
  // opens the volume looks at the UUID of its header.
  const bool ours = *lv && (has_tag(**lv, tag_) || work_.is_done("hold"));
  if (ours) return Ok{};
  const std::string name = volume_.device.text();
  if (!*lv && asked_.size == "existing")
    return Error{Code::missing, "there is no logical volume " + name, "",
                 "make it with lvcreate(8), or say how large it is to be"};
  if (!*lv) {
    const auto size = parse_size(asked_.size);
    if (size && *size > vg->free)
      return Error{Code::refused, "cannot make " + name + " with " + size_text(*size),
                   "the volume group has " + size_text(vg->free) + " left",
                   "make it smaller; or " + room_hint(asked_.vg, *size - vg->free, vg->extent)};
    return Ok{};
  }
  if (auto awake = activate_lvs({name}); !awake) return awake;
  if (auto empty = look_for_signature(volume_.device, ""); !empty) return empty;
  if (asked_.size != "existing")
    return Error{Code::refused, "will not use " + name, "it is there already and not made by this",
                 "if it may be written over, say 'existing' for its size"};
  for (const Mapping& mapping : mappings_on(volume_.device.path()))
    return Error{Code::busy, "will not use " + name, "'" + mapping.name + "' lies on it",
                 "see what uses that: dmsetup ls --tree; close it when nobody needs it, then run "
                 "this again"};
  return is_used_by_nobody(volume_.device, "will not use " + name);
}

Result<> VolumeMaker::prepare(Asker& asker) {
  const bool formatted = work_.is_done("format");
  if (formatted && (work_.is_done("mount") || is_open(setup_, volume_))) return Ok{};
  auto session =
      KeysSession::open(globals_, setup_, asker, formatted ? KeysAccess::read : KeysAccess::write);
  if (!session) return session.error();
  keys_ = std::move(*session);
  if (formatted) {
    auto key = keys_->keys().read(volume_.key_file);
    if (!key) return key.error();
    stored_ = std::move(*key);
    return keys_->close();
  }
  const auto files = keys_->keys().files();
  if (work_.begun.empty() && std::ranges::find(files, volume_.key_file) != files.end())
    return Error{Code::refused, "will not write the key of '" + volume_.name + "'",
                 "the keys volume holds a file '" + volume_.key_file + "' already",
                 "take its volume in with latchkey adopt; if there is none any more, remove the "
                 "file: latchkey mount-keys --write"};
  // The key of an interrupted run has no header yet. A new one is drawn, since only
  // a key that was drawn in this run can get a cheap slot.
  std::erase(work_.done, "key");
  return Ok{};
}

std::vector<WorkStep> VolumeMaker::steps() {
  const std::string lv = volume_.device.text();
  return {
      {"key", "drawing its key", [this] { return write_key(); }},
      {"lv", asked_.size == "existing" ? "" : "making the logical volume " + lv,
       [this] { return make_lv(); }},
      {"format", "encrypting " + lv, [this] { return format(); }},
      note_step(globals_),
      {"file-system", "making the " + asked_.fs_type + " file system; a large one takes a while",
       [this] { return make_fs(); }},
      {"configure", "", [this] { return configure(); }},
      {"mount", "", [this] { return open_and_mount(globals_.paths, volume_, key()); }},
      {"hold", "", [this] { return hold(); }},
      {"untag", "", [this] { return untag_lv(volume_.device, tag_); }},
      {"image", "", [this] { return bring_images_up_to_date(globals_); }},
  };
}

Result<> VolumeMaker::write_key() {
  auto key = RandomKey::draw();
  if (!key) return key.error();
  if (auto written = keys_->keys().write(volume_.key_file, key->secret()); !written) return written;
  if (auto closed = keys_->close(); !closed) return closed;
  drawn_ = std::move(*key);
  return Ok{};
}

Result<> VolumeMaker::make_lv() const {
  const auto lv = find_lv(volume_.device);
  if (!lv) return lv.error();
  if (!*lv) return create_lv(volume_.device, asked_.size, tag_);
  if (auto awake = activate_lvs({volume_.device.text()}); !awake) return awake;
  return has_tag(**lv, tag_) ? Result<>(Ok{}) : tag_lv(volume_.device, tag_);
}

Result<> VolumeMaker::format() const {
  if (auto ours = look_for_signature(volume_.device, volume_.uuid); !ours) return ours;
  const LuksFormat how{
      .place = {.device = volume_.device.path(), .name = volume_.name, .uuid = volume_.uuid},
      .cipher = asked_.cipher,
      .key_bits = asked_.key_bits,
      .sector_size = asked_.sector_size};
  const auto made = LuksDevice::format(how, *drawn_);
  if (!made) return made.error();
  if (const auto proved = made->try_key(drawn_->secret()); !proved) return proved.error();
  return Ok{};
}

Result<> VolumeMaker::open() {
  if (is_open(setup_, volume_)) return Ok{};
  return open_mapping(request_for(volume_), key());
}

const Secret& VolumeMaker::key() const { return drawn_ ? drawn_->secret() : stored_; }

Result<> VolumeMaker::make_fs() {
  if (auto opened = open(); !opened) return opened;
  return make_file_system(asked_.fs_type, asked_.mkfs, mapping_path(volume_));
}

// With the cipher as the header says it, however it was asked for. A device that cannot be
// read just now costs no more than that.
Result<> VolumeMaker::configure() {
  if (const auto header = read_luks_header(place_of(volume_)))
    volume_.cipher = option_cipher(header->cipher);
  return write_volume_line(globals_.paths, volume_);
}

Result<> VolumeMaker::hold() {
  for (const std::string& unit : asked_.holds) {
    const int status = hold_unit(globals_, unit, {volume_.name}, Running::stops, Needs::also);
    if (status == 0) continue;
    // Held, but for what the unit's own files take away, which has been told: running this
    // again would not mend it, and the volume is complete.
    if (status != exit_status(Code::refused))
      return Error{static_cast<Code>(status), "cannot hold '" + unit + "'",
                   "the reason is told above; the volume itself is made and mounted",
                   "mend that, then run this again"};
    loose_ = status;
  }
  return Ok{};
}

}  // namespace latchkey
