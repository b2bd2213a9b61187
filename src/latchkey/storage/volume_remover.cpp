// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/storage/volume_remover.hpp"

#include "core/config/volume.hpp"
#include "core/config/volume_lines.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/hold/holding.hpp"
#include "latchkey/image/rebuild.hpp"
#include "latchkey/storage/volume_maker.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/owners_file.hpp"
#include "sys/keys/passphrase.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/luks/luks.hpp"
#include "sys/luks/volume_use.hpp"
#include "sys/mount/mount.hpp"
#include "sys/mount/mount_point.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/lvm_admin.hpp"
#include "sys/storage/probe.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

const char* word(Removal::Kind kind) {
  return kind == Removal::Kind::forget    ? "forget"
         : kind == Removal::Kind::destroy ? "destroy"
                                          : "take-back";
}

std::string command_for(const Removal& removal) {
  return "latchkey remove-volume " + removal.volume.name +
         (removal.kind == Removal::Kind::destroy ? " --wipe" : "");
}

// The removal is written down as a whole: once its line is gone from `volumes`,
// nothing else knows what it was.
void note(Removal& removal) {
  Unfinished& work = removal.work;
  work.command = "remove-volume";
  work.name = removal.volume.name;
  work.finish = command_for(removal);
  work.values = {{"kind", word(removal.kind)},
                 {"line", volume_line(removal.volume)},
                 {"tag", removal.tag},
                 {"lv-stays", removal.lv_stays ? "yes" : ""},
                 {"used", removal.used ? "yes" : ""}};
}

}  // namespace

Removal forget(const Volume& volume, bool destroy) {
  Removal removal{.kind = destroy ? Removal::Kind::destroy : Removal::Kind::forget,
                  .volume = volume};
  note(removal);
  return removal;
}

Removal take_back(const NewVolume& asked, const Unfinished& creation) {
  const std::string uuid = creation.value("uuid");
  Removal removal{.kind = Removal::Kind::take_back,
                  .volume = volume_of(asked, uuid),
                  .tag = tag_of(uuid),
                  .lv_stays = asked.size == "existing",
                  .used = creation.is_done("configure") || creation.is_done("mount")};
  note(removal);
  return removal;
}

Removal removal_of(const Unfinished& work) {
  Removal removal;
  removal.kind = work.value("kind") == "forget"    ? Removal::Kind::forget
                 : work.value("kind") == "destroy" ? Removal::Kind::destroy
                                                   : Removal::Kind::take_back;
  if (auto parsed = parse_volumes(work.value("line"), "unfinished"); parsed && !parsed->empty())
    removal.volume = parsed->front();
  removal.volume.name = work.name;
  removal.tag = work.value("tag");
  removal.lv_stays = !work.value("lv-stays").empty();
  removal.used = !work.value("used").empty();
  removal.work = work;
  return removal;
}

VolumeRemover::VolumeRemover(const Globals& globals, const Setup& setup, const Removal& removal)
    : globals_(globals), setup_(setup), removal_(removal) {}

Result<bool> VolumeRemover::was_complete() const {
  const Volume& volume = removal_.volume;
  if (removal_.kind != Removal::Kind::take_back || removal_.work.is_done("wipe")) return false;
  const auto lv = find_lv(volume.device);
  if (!lv) return lv.error();
  return *lv && !has_tag(**lv, removal_.tag) && has_our_header();
}

Result<> VolumeRemover::prepare(Asker& asker) {
  if (!destroys() || removal_.work.is_done("key")) return Ok{};
  auto session = KeysSession::open(globals_, setup_, asker, KeysAccess::write);
  if (!session) return session.error();
  if (auto its = is_its_header(session->keys()); !its) return its;
  // Only the passphrase is proved now; the volume is open for the one step.
  keys_ = std::move(*session);
  return keys_->close();
}

Result<> VolumeRemover::let_go() const {
  // Nothing ends an unmount or a close that waits for a disk, and every other command that changes
  // something would wait with it.
  const std::string mapping = mapping_path(removal_.volume);
  if (block_device(mapping))
    if (const auto answer = ask_disk(mapping); !answer && answer.error().code == Code::timeout)
      return Error{Code::timeout, "cannot close '" + removal_.volume.name + "'",
                   "its disk cannot be read: " + answer.error().why,
                   "see: dmesg; when it is given up, boot without that disk and run this again"};
  if (auto gone = unmount(); !gone) return gone;
  return close();
}

std::vector<WorkStep> VolumeRemover::steps() {
  const Volume& volume = removal_.volume;
  std::vector<WorkStep> steps;
  if (removal_.kind == Removal::Kind::take_back)
    steps.push_back(
        {"unhold", "", [this, &volume] { return let_go_of_volume(globals_, volume.name); }});
  steps.push_back({"configure", "", [this] { return configure(); }});
  if (destroys()) {
    steps.push_back(
        {"wipe", "wiping the key slots of " + volume.device.text(), [this] { return wipe(); }});
    steps.push_back({"lv", "", [this] { return remove_device(); }});
    steps.push_back({"key", "", [this] { return remove_key(); }});
  }
  steps.push_back({"image", "", [this] { return bring_images_up_to_date(globals_); }});
  return steps;
}

Result<> VolumeRemover::unmount() const {
  const Volume& volume = removal_.volume;
  if (volume.mount_point.empty()) return Ok{};
  if (mounted_by_system(volume) && is_mount_point(volume.mount_point))
    return Error{Code::busy, "cannot unmount '" + volume.name + "'",
                 "the system runs from " + volume.mount_point,
                 "boot without it first, then run the command again"};
  if (auto gone = unmount_volume(volume); !gone) return gone;
  // The guard was ours; the directory is an ordinary one again.
  auto free = unguard_mount_point(volume.mount_point);
  return free || free.error().code == Code::missing ? Result<>(Ok{}) : free;
}

Result<> VolumeRemover::close() const {
  const Volume& volume = removal_.volume;
  const Setup alone{.config = setup_.config, .volumes = {volume}};
  if (!is_live(probe_volumes(alone).volumes[volume.name])) return Ok{};
  return close_volume_mapping(volume, removal_.work.finish);
}

Result<> VolumeRemover::configure() const {
  const std::string file = globals_.paths.etc("volumes");
  const auto text = read_file(file);
  if (!text) return text.error().code == Code::missing ? Result<>(Ok{}) : text.error();
  const std::string after = without_volume_line(*text, removal_.volume.name);
  if (after != *text) {
    // Somebody may have held a unit for it since: with a line that names no volume nothing
    // could be read any more, by no command and no boot.
    if (removal_.kind == Removal::Kind::take_back)
      if (auto free = let_go_of_volume(globals_, removal_.volume.name); !free) return free;
    if (auto written = write_owners_file(file, after); !written) return written;
  }
  // What is loaded still waits for its mount point: a service held for all volumes would
  // stay down at its next restart.
  return systemd_runs() ? reload_systemd() : Result<>(Ok{});
}

Result<> VolumeRemover::wipe() const {
  const Volume& volume = removal_.volume;
  // Once more, right before: whatever it is by now, only our own header is wiped.
  if (auto ours = look(); !ours) return ours;
  if (removal_.kind == Removal::Kind::take_back && is_lv()) {
    const auto lv = find_lv(volume.device);
    if (!lv) return lv.error();
    if (!*lv) return Ok{};
    if (!has_tag(**lv, removal_.tag)) {
      if (!has_our_header()) return Ok{};
      // What shows that it is ours is about to be wiped.
      if (auto tagged = tag_lv(volume.device, removal_.tag); !tagged) return tagged;
    }
  }
  return header_is_there() ? wipe_header(place_of(volume)) : Ok{};
}

Result<> VolumeRemover::remove_device() const {
  const Volume& volume = removal_.volume;
  if (!is_lv()) return Ok{};
  const auto lv = find_lv(volume.device);
  if (!lv) return lv.error();
  if (!*lv) return Ok{};
  if (removal_.kind == Removal::Kind::destroy) {
    if (auto alone = has_no_successor(); !alone) return alone;
    return remove_lv(volume.device);
  }
  if (!has_tag(**lv, removal_.tag)) return Ok{};
  return removal_.lv_stays ? untag_lv(volume.device, removal_.tag) : remove_lv(volume.device);
}

Result<> VolumeRemover::remove_key() {
  // Another volume may be opened by the same file.
  if (shares_key_file(setup_.volumes, removal_.volume) != nullptr) return Ok{};
  auto session =
      KeysSession::open(globals_, setup_, copy_of(keys_->passphrase()), KeysAccess::write);
  if (!session) return session.error();
  if (auto gone = session->keys().remove(removal_.volume.key_file); !gone) return gone;
  // And what a rotation that was not finished has drawn.
  if (auto gone = session->keys().remove(removal_.volume.key_file + ".new"); !gone) return gone;
  return session->close();
}

}  // namespace latchkey
