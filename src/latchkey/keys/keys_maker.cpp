// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/keys/keys_maker.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/size.hpp"
#include "core/base/text.hpp"
#include "core/config/new_volume.hpp"
#include "core/mount/cryptroot.hpp"
#include "core/storage/manual_commands.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/keys/new_passphrase.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/image/cryptroot.hpp"
#include "sys/luks/luks.hpp"
#include "sys/luks/own_content.hpp"
#include "sys/mount/file_system.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/dm.hpp"
#include "sys/storage/signature.hpp"

namespace latchkey {
namespace {

// The header takes 16 MiB; less than this leaves no room for a file system.
constexpr std::uint64_t least_size = 32ULL << 20U;

// What to do when a mirror cannot be made.
std::string no_mirror_hint(const KeysMaker& run) {
  return "the old one is a mirror, and so is the new one: give the group another disk (lvm "
         "vgextend); or do without: lvm lvconvert --mirrors 0 " +
         run.work.value("old") + "; then run this again";
}

// What to do when the group is too full. The size is asked for by `init` alone.
std::string no_room_hint(const KeysMaker& run, const VgInfo& vg, std::uint64_t wanted) {
  const bool less = run.work.value("old").empty() && wanted > least_size && vg.free >= least_size;
  return (less ? "take less: --size 32M; or " : "") +
         room_hint(vg.name, wanted - vg.free, vg.extent);
}

Result<> has_disks_for_mirrors(const KeysMaker& run, const std::string& vg) {
  const auto disks = devices_of_vg(vg);
  if (!disks) return disks.error();
  if (disks->size() > run.mirrors()) return Ok{};
  return Error{Code::refused, "too few disks for the keys volume in '" + vg + "'",
               std::to_string(run.mirrors() + 1) + " are wanted, " + std::to_string(disks->size()) +
                   " are there",
               no_mirror_hint(run)};
}

Result<> make_lv(KeysMaker& run) {
  const auto there = find_lv(run.lv());
  if (!there) return there.error();
  if (*there) {
    const auto ours = lv_is_ours(run);
    if (!ours) return ours.error();
    if (!*ours) return foreign_lv(run.lv());
  } else {
    auto made = create_lv(run.lv(), run.work.value("size"), run.work.value("tag"), run.mirrors());
    if (!made) {
      Error error = made.error();
      if (run.mirrors() > 0) error.hint = no_mirror_hint(run);
      return error;
    }
  }
  return reachable_or_gone(run.lv());
}

Result<> appears(const DeviceRef& lv) {
  const std::string path = lv.path();
  if (wait_for_devices([&] { return block_device(path).has_value(); }, std::chrono::seconds(30)))
    return Ok{};
  return Error{Code::timeout, "cannot use " + lv.text(), "'" + path + "' does not appear",
               "look at: lvm lvs, dmsetup ls"};
}

// The LV's device, awake until the end of the run; again proved to be ours, since
// what comes next writes over whatever it holds.
Result<std::string> own_device(KeysMaker& run) {
  const auto ours = lv_is_ours(run);
  if (!ours) return ours.error();
  if (!*ours) return foreign_lv(run.lv());
  if (!run.woken) run.woken = std::make_unique<WokenLv>(run.lv());
  if (auto there = appears(run.lv()); !there) return there.error();
  return run.lv().path();
}

// Leaves a header alone that an earlier run made with the same passphrase. With
// another one nothing is lost: the volume holds no file system yet.
Result<> format_lv(KeysMaker& run) {
  const auto path = own_device(run);
  if (!path) return path.error();
  if (auto closed = close_leftover(run.mapping, *path); !closed) return closed;
  auto device = LuksDevice::open(place_of(run.volume()));
  if (device) {
    const auto tried = device->try_key(*run.passphrase);
    if (!tried && tried.error().code != Code::denied) return tried.error();
    if (!tried) device = tried.error();
  }
  if (!device) {
    // Ours by its tag, and yet somebody may have used it since it was made.
    if (auto ours = look_for_signature(run.lv(), run.work.value("uuid")); !ours) return ours;
    const PassphraseCost cost = passphrase_cost();
    say(run.globals, "the key derivation is sized to this machine: argon2id with " +
                         std::to_string(cost.memory_kib / 1024) + " MiB, about " +
                         std::to_string(cost.milliseconds / 1000) + " s");
    device = LuksDevice::format({.place = place_of(run.volume())}, *run.passphrase, cost);
    if (!device) return device.error();
  }
  if (device->slot_names().empty())
    for (const auto& slot : device->header().slots) return device->name_slot(slot.slot, "first");
  return Ok{};
}

Result<> make_file_system(KeysMaker& run) {
  const std::string& mapping = run.mapping;
  const auto path = own_device(run);
  if (!path) return path.error();
  if (auto closed = close_leftover(mapping, *path); !closed) return closed;
  const auto opened = open_mapping({.device = *path,
                                    .mapping = mapping,
                                    .name = "keys",
                                    .uuid = run.work.value("uuid"),
                                    .hidden = true},
                                   *run.passphrase);
  if (!opened) return opened;
  const std::string node = "/dev/mapper/" + mapping;
  // Held by this descriptor: whoever ends this process, the mapping goes as well.
  Fd held(::open(node.c_str(), O_RDONLY | O_CLOEXEC));
  if (!held) {
    Error error = system_error(errno, "cannot open '" + node + "'");
    (void)close_mapping(mapping);
    return error;
  }
  if (auto asked = close_mapping_when_unused(mapping); !asked) return asked;
  auto made = make_keys_file_system(node);
  held.reset();
  if (!wait_for_devices([&] { return !find_mapping(mapping); }, std::chrono::seconds(5)))
    if (auto closed = close_mapping(mapping); !closed && made) return closed;
  if (made) run.passphrase.reset();
  return made;
}

}  // namespace

DeviceRef KeysMaker::lv() const {
  return {.kind = DeviceRef::Kind::lv, .vg = work.value("vg"), .lv = work.value("lv")};
}

KeysVolume KeysMaker::volume() const {
  return {.device = lv(), .mapping = mapping, .uuid = work.value("uuid")};
}

unsigned KeysMaker::mirrors() const {
  return static_cast<unsigned>(parse_number(work.value("mirrors"), 64).value_or(0));
}

Result<> judge_keys_room(const KeysMaker& run, const VgInfo& vg) {
  const std::string size = run.work.value("size");
  const auto bytes = parse_size(size);
  if (!bytes)
    return Error{Code::usage, "'" + printable(size) + "' is no size", "",
                 "write it as 64M or 1G: --size 64M"};
  if (*bytes < least_size)
    return Error{Code::usage, "a keys volume of " + size_text(*bytes) + " is too small",
                 "its header alone takes 16 MiB", "use at least: --size 32M"};
  const auto there = find_lv(run.lv());
  if (!there) return there.error();
  if (*there) {
    const auto ours = lv_is_ours(run);
    if (!ours) return ours.error();
    return *ours ? Result<>(Ok{}) : Result<>(foreign_lv(run.lv()));
  }
  if (run.mirrors() > 0)
    if (auto enough = has_disks_for_mirrors(run, vg.name); !enough) return enough;
  const std::uint64_t wanted = *bytes * (run.mirrors() + 1);
  if (vg.free >= wanted) return Ok{};
  return Error{Code::refused, "no room for the keys volume in '" + vg.name + "'",
               size_text(wanted) + " are wanted, " + size_text(vg.free) + " are free",
               run.mirrors() > 0 ? no_mirror_hint(run) : no_room_hint(run, vg, wanted)};
}

Result<> reachable_or_gone(const DeviceRef& lv) {
  const WokenLv woken(lv);
  if (auto there = appears(lv); !there) return there;
  const std::string around = encrypted_around(lv);
  if (around.empty()) return Ok{};
  // One of a killed run may have been used by somebody since.
  const auto found = find_signature(lv.path());
  const bool removed = found && !*found && remove_lv(lv);
  return keys_were_put_inside(lv.text(), around, removed);
}

Result<> close_leftover(const std::string& mapping, const std::string& path) {
  if (auto done = remove_unfinished_mapping(mapping); !done) return done;
  const auto found = find_mapping(mapping);
  if (!found) return Ok{};
  const auto number = block_device(path);
  if (!number || std::ranges::find(found->below, *number) == found->below.end())
    return Error{Code::busy, "cannot open the keys volume",
                 "the name '" + mapping + "' is taken by another device",
                 "look at: dmsetup table " + mapping};
  return close_mapping(mapping);
}

Result<std::string> free_keys_name(const std::string& vg) {
  for (int i = 1; i < 100; ++i) {
    const std::string name = "encrypted-keys" + (i == 1 ? "" : "-" + std::to_string(i));
    const auto there = find_lv({.kind = DeviceRef::Kind::lv, .vg = vg, .lv = name});
    if (!there) return there.error();
    if (!*there) return name;
  }
  return Error{Code::refused, "cannot make a new keys volume",
               "every name for it is taken in '" + vg + "'", "see: lvm lvs " + vg};
}

Result<> name_keys_volume(KeysMaker& run) {
  if (!run.work.value("uuid").empty()) return Ok{};
  const auto uuid = new_uuid();
  if (!uuid) return uuid.error();
  run.work.values["uuid"] = *uuid;
  run.work.values["tag"] = tag_of(*uuid);
  return Ok{};
}

Result<bool> lv_is_ours(const KeysMaker& run) {
  const auto there = find_lv(run.lv());
  if (!there) return there.error();
  const std::string tag = run.work.value("tag");
  return *there && !tag.empty() && has_tag(**there, tag);
}

Error foreign_lv(const DeviceRef& lv) {
  const WokenLv woken(lv);
  const std::string what = "the logical volume " + lv.text() + " is there already";
  const auto found = find_signature(lv.path());
  if (!found)
    return {Code::refused, what, "what it holds cannot be read: " + found.error().why,
            "rename or remove it, if nobody needs it"};
  if (!*found)
    return {Code::refused, what, "it was not made by latchkey init, and may hold data of any kind",
            "rename it (lvm lvrename), or remove it, if nobody needs it"};
  if (**found == "crypto_LUKS")
    return {Code::refused, what, "it holds a LUKS volume (" + **found + ")",
            "if it is the keys volume of older scripts, run: latchkey import-legacy DIR"};
  return {Code::refused, what, "it holds " + **found, "rename it, if somebody needs what it holds"};
}

std::vector<WorkStep> steps_to_make_keys(KeysMaker& run) {
  return {{"lv", "making the logical volume " + run.lv().text(), [&run] { return make_lv(run); }},
          {"format", "encrypting it", [&run] { return format_lv(run); }},
          {"file-system", "making its file system; the passphrase is tried on it",
           [&run] { return make_file_system(run); }}};
}

Result<> finish_keys_lv(KeysMaker& run) {
  const std::string tag = run.work.value("tag");
  if (!tag.empty())
    if (auto done = untag_lv(run.lv(), tag); !done) return done;
  run.woken.reset();
  // Nobody needs it until the next unlock.
  return deactivate_lv(run.lv());
}

}  // namespace latchkey
