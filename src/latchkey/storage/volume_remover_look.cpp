// SPDX-License-Identifier: GPL-3.0-or-later
// What forbids a removal: another volume's device, header or name, and what would be lost with it.
#include <unistd.h>

#include "core/base/text.hpp"
#include "latchkey/storage/placing.hpp"
#include "latchkey/storage/volume_maker.hpp"
#include "latchkey/storage/volume_remover.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/luks/luks.hpp"
#include "sys/luks/luks_copies.hpp"
#include "sys/luks/own_content.hpp"
#include "sys/luks/volume_use.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/known_lv.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/storage/lvm_admin.hpp"
#include "sys/storage/probe.hpp"
#include "sys/storage/signature.hpp"

namespace latchkey {

Result<> VolumeRemover::look() const {
  const Volume& volume = removal_.volume;
  if (!destroys()) return Ok{};
  if (auto alone = has_no_successor(); !alone) return alone;
  if (removal_.work.is_done("wipe")) return Ok{};
  if (is_lv()) {
    const auto lv = find_lv(volume.device);
    if (!lv) return lv.error();
    if (!*lv) return removal_.kind == Removal::Kind::take_back ? is_gone() : has_what_to_wipe();
    if (removal_.kind == Removal::Kind::take_back && !has_tag(**lv, removal_.tag) &&
        !has_our_header())
      return Ok{};  // never became ours: it stays
    if (auto alone = has_no_snapshots(); !alone) return alone;
    if (auto awake = activate_lvs({volume.device.text()}); !awake) return awake;
  }
  if (auto there = has_what_to_wipe(); !there) return there;
  // A copy would keep what is said to be gone, or lose it in the place of the right one.
  if (auto own = leads_to_its_own_header(volume, "will not wipe " + volume.device.text(), true);
      !own)
    return own;
  if (!block_device(volume.device.path())) return Ok{};
  if (const auto other = other_mapping_on(volume))
    return Error{Code::busy, "will not wipe " + volume.device.text(), other->text(),
                 other->hint() + "; then run this again"};
  // What is taken back is always a logical volume.
  if (removal_.kind == Removal::Kind::take_back)
    return look_before_removal(volume.device, volume.uuid);
  auto ours = look_for_signature(volume.device, volume.uuid);
  if (ours || !is_unread(ours.error())) return ours;
  if (!volume.header.empty()) return Ok{};  // that is what is wiped
  Error unread = ours.error();
  unread.hint = instead("see that its disk answers (dmesg, lsblk)");
  return unread;
}

// The note of a removal may come back with an old /etc, and the name may have gone to another
// volume since: neither that one's line nor its device or key is to go.
Result<> VolumeRemover::has_no_successor() const {
  const Volume& volume = removal_.volume;
  const bool taken_back = removal_.kind == Removal::Kind::take_back;
  const auto other = [&](const std::string& why) {
    return Error{Code::refused, "will not remove '" + volume.name + "'", why,
                 "when nothing is left of the one that is noted in " +
                     globals_.paths.etc("unfinished/" + volume.name + ".json") +
                     ", delete that file"};
  };
  if (const Volume* now = find_volume(setup_, volume.name); taken_back && now != nullptr) {
    const bool by_uuid = now->device.kind == DeviceRef::Kind::uuid;
    const std::string uuid = now->uuid.empty() && by_uuid ? now->device.value : now->uuid;
    if (uuid.empty() ? !is_same_device(now->device, volume.device) : uuid != volume.uuid)
      return other("'" + globals_.paths.etc("volumes") + "' has another volume of this name, on " +
                   now->device.text());
  }
  if (!taken_back && !removal_.work.is_done("wipe")) return Ok{};  // its header tells
  if (is_lv()) {
    const auto lv = find_lv(volume.device);
    if (!lv) return lv.error();
    if (!*lv || (taken_back && has_tag(**lv, removal_.tag)) || has_our_header()) return Ok{};
  }
  if (!block_device(volume.device.path())) return Ok{};
  const auto found = find_signature(volume.device.path());
  if (!found && is_lv()) {
    // It would be removed whatever file system is on it by now.
    Error unread = found.error();
    if (is_unread(unread))
      unread.hint =
          "see that its disk answers (dmesg, lsblk); where nothing on it is needed, run "
          "this again behind: lvm lvremove " +
          volume.device.text();
    return unread;
  }
  // The header was elsewhere, and nothing is written here any more.
  if (!found && !volume.header.empty() && is_unread(found.error())) return Ok{};
  if (!found && found.error().code == Code::io && removal_.work.is_done("wipe")) {
    // On a bad disk the header's own place tells: ours is wiped, and nobody's is there.
    const auto header = read_luks_header({.device = volume.device.path(), .name = volume.name});
    if (!header && header.error().code == Code::damaged) return Ok{};
  }
  if (!found) return found.error();
  if (!*found || (**found != "crypto_LUKS" && (taken_back || !is_lv()))) return Ok{};
  return other(volume.device.text() + " holds " + **found + ", which came there since");
}

// A header that is kept elsewhere can be wiped when the device itself is gone.
bool VolumeRemover::header_is_there() const {
  const Volume& volume = removal_.volume;
  return volume.header.empty() ? block_device(volume.device.path()).has_value()
                               : ::access(volume.header.c_str(), F_OK) == 0;
}

// What is not there comes back with all its key slots, and its key would be gone.
Result<> VolumeRemover::has_what_to_wipe() const {
  const Volume& volume = removal_.volume;
  if (removal_.kind != Removal::Kind::destroy) return Ok{};
  if (header_is_there()) return look_at_header();
  return Error{Code::missing, "will not destroy '" + volume.name + "'",
               "nothing can be wiped: there is no " + (volume.header.empty()
                                                           ? "device " + volume.device.text()
                                                           : "header '" + volume.header + "'"),
               instead("attach it")};
}

// Boots may have used it since: its key would be gone when its disk comes back.
Result<> VolumeRemover::is_gone() const {
  const DeviceRef& device = removal_.volume.device;
  if (!removal_.used || look_up_lv(device) == KnownLv::absent) return Ok{};
  return Error{Code::missing, "will not take '" + removal_.volume.name + "' back",
               "the volume group " + device.vg +
                   " is not there, or not whole: nothing tells whether " + device.text() +
                   " is gone",
               instead("attach its disks")};
}

// The device of a header that is kept elsewhere may be in another use by now, as a stick that
// was formatted anew, or have given its name to another disk.
Result<> VolumeRemover::look_at_header() const {
  const Volume& volume = removal_.volume;
  if (volume.header.empty()) return Ok{};
  auto ours = look_for_signature({.value = volume.header}, volume.uuid);
  if (ours || ours.error().code != Code::refused) return ours;
  return Error{Code::refused, "will not wipe '" + volume.header + "'", ours.error().why,
               instead("attach the disk with the header of '" + volume.name + "'")};
}

// What to do about one that is not there.
std::string VolumeRemover::instead(const std::string& mend) const {
  const std::string& name = removal_.volume.name;
  if (removal_.work.begun.empty() && removal_.kind != Removal::Kind::take_back)
    return mend + ", or forget the volume: latchkey remove-volume " + name;
  return mend + " and run this again; where it is gone for good, delete " +
         globals_.paths.etc("unfinished/" + name + ".json") + ": its key stays in the keys volume";
}

// lvremove takes classic ones along without a word, and thin ones keep all that is wiped.
Result<> VolumeRemover::has_no_snapshots() const {
  const DeviceRef& device = removal_.volume.device;
  if (removal_.lv_stays) return Ok{};
  const auto found = snapshots_of(device);
  if (!found) return found.error();
  // What is wiped would come back with the merge.
  if (auto stands = is_not_merging(*found, device, "will not remove " + device.text()); !stands)
    return stands;
  const auto& names = found->classic.empty() ? found->thin : found->classic;
  if (names.empty()) return Ok{};
  return Error{
      Code::refused, "will not remove " + device.text(),
      (found->classic.empty() ? "it has thin snapshots, which would keep its key slots and data: "
                              : "it has snapshots, which would go with it: ") +
          join(names, ", "),
      "when they are needed no more: lvremove " + device.vg + "/" + names.front()};
}

// A name that the kernel gives, or a label, may lead to another disk by now.
Result<> VolumeRemover::is_its_header(const OpenKeys& keys) const {
  const Volume& volume = removal_.volume;
  if (!removal_.unproved) return Ok{};
  const Setup alone{.config = setup_.config, .volumes = {volume}};
  if (volume.header.empty() && probe_volumes(alone).volumes[volume.name].open) return Ok{};
  const auto refused = [&](const std::string& why) {
    return Error{
        Code::refused,
        "will not wipe " +
            (volume.header.empty() ? volume.device.text() : "'" + volume.header + "'"),
        "the line of '" + volume.name + "' has no x-latchkey.uuid, and " + why,
        "see which disk it is: lsblk -o NAME,SIZE,UUID; where it is the one, add x-latchkey.uuid=" +
            volume.uuid + " to the line in " + globals_.paths.etc("volumes") +
            " and run this again"};
  };
  const auto header = LuksDevice::open(place_of(volume, setup_.config.boot));
  if (!header) return header.error();
  const auto key = keys.read(volume.key_file);
  if (!key && key.error().code == Code::missing)
    return refused("there is no key '" + printable(volume.key_file) + "' to try");
  if (!key) return key.error();
  const auto opens = header->try_key(*key);
  if (!opens && opens.error().code == Code::denied)
    return refused("its key does not open the header that is there");
  return opens ? Result<>(Ok{}) : Result<>(opens.error());
}

// The tag goes in the last steps of a creation, when the header is there.
bool VolumeRemover::has_our_header() const {
  const Volume& volume = removal_.volume;
  return activate_lvs({volume.device.text()}) && read_luks_header(place_of(volume));
}

}  // namespace latchkey
