// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/storage/placing.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "core/base/text.hpp"
#include "core/config/keys_apart.hpp"
#include "core/config/volume_lines.hpp"
#include "core/mount/mount_place.hpp"
#include "core/plan/plan.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/owners_file.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/mount/mount.hpp"
#include "sys/mount/mount_point.hpp"
#include "sys/mount/mount_users.hpp"
#include "sys/mount/mounts_above.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/probe.hpp"

namespace latchkey {
namespace {

Setup with(Setup setup, const Volume& volume) {
  std::erase_if(setup.volumes, [&](const Volume& other) { return other.name == volume.name; });
  setup.volumes.push_back(volume);
  return setup;
}

Facts all_facts(const Setup& setup, const Volume& volume) {
  const Setup whole = with(setup, volume);
  Facts facts = probe_volumes(whole);
  probe_mounts(facts, whole);
  return facts;
}

VolumeFacts facts_of(const Setup& setup, const Volume& volume) {
  return all_facts(setup, volume).volumes[volume.name];
}

// Why the mount point cannot be made where it belongs, or nothing: it lies on a volume that is
// not mounted.
std::optional<Error> not_reached(const Setup& setup, const Facts& facts, const Volume& volume) {
  const Volume* const parent = unmounted_parent(setup, facts, volume);
  if (parent == nullptr) return {};
  return Error{Code::missing, "cannot mount '" + volume.name + "'",
               "its mount point '" + volume.mount_point + "' lies on '" + parent->name +
                   "', which is not mounted on '" + parent->mount_point + "'",
               "run: release-services; then this again"};
}

}  // namespace

Result<> is_used_by_nobody(const DeviceRef& device, const std::string& what) {
  const std::string path = device.path();
  const auto number = block_device(path);
  if (!number) return Ok{};
  std::vector<MountUser> users;
  const auto unused = [&] {
    users = writers_of(*number);
    return users.empty() && !is_claimed(path);
  };
  // udev and its like look at every disk that changes.
  if (wait_for_devices(unused, std::chrono::seconds(3))) return Ok{};
  if (!users.empty())
    return Error{Code::busy, what, device.text() + " is in use by " + users_text(users),
                 "end that, as the guest whose disk it is, then run this again"};
  return Error{Code::busy, what, "the kernel has " + device.text() + " in use for something else",
               "see: lsblk, findmnt, targetcli ls; end that use, then run this again"};
}

Result<std::string> volumes_text(const Paths& paths) {
  auto text = read_file(paths.etc("volumes"));
  if (!text && text.error().code == Code::missing) return volumes_head();
  return text;
}

Result<> fits_into_volumes(const Paths& paths, const KeysVolume& keys, const Volume& volume) {
  if (is_same_device(keys.device, volume.device)) {
    Error error = is_the_keys_volume(volume);
    error.hint = "name another device; to look at the keys: latchkey mount-keys";  // it has no line
    return error;
  }
  // Not only when the volume is made already.
  if (auto place = place_of_owners_file(paths.etc("volumes")); !place) return place.error();
  const auto text = volumes_text(paths);
  if (!text) return text.error();
  const auto before = parse_volumes(*text, paths.etc("volumes"));
  if (!before) return before.error();
  const auto same = std::ranges::find(*before, volume.name, &Volume::name);
  if (same != before->end() && !is_same_device(same->device, volume.device))
    return Error{
        Code::refused, "there is another volume '" + volume.name + "' already",
        "'" + paths.etc("volumes") + "' has it on " + same->device.text(),
        "give this one another name (latchkey adopt: with --device " + volume.device.text() + ")"};
  const auto parsed = parse_volumes(with_volume_line(*text, volume), paths.etc("volumes"));
  return parsed ? apart_from_keys(*parsed, keys, paths.etc("volumes")) : parsed.error();
}

Result<> write_volume_line(const Paths& paths, const Volume& volume) {
  const auto text = volumes_text(paths);
  if (!text) return text.error();
  const auto before = parse_volumes(*text, paths.etc("volumes"));
  if (!before) return before.error();
  // Another writing of the same stays as its owner has it.
  const auto there = std::ranges::find(*before, volume.name, &Volume::name);
  if (there != before->end() && volume_line(*there) == volume_line(volume)) return Ok{};
  return write_owners_file(paths.etc("volumes"), with_volume_line(*text, volume));
}

Result<> look_at_mount_point(const Setup& setup, const Volume& volume) {
  if (volume.mount_point.empty()) return Ok{};
  Facts facts = all_facts(setup, volume);
  const VolumeFacts& fact = facts.volumes[volume.name];
  if (fact.mounted) return Ok{};
  if (const auto closed = not_reached(setup, facts, volume)) return *closed;
  if (!fact.taken.empty())
    return Error{Code::busy, "cannot mount '" + volume.name + "'", fact.taken,
                 "free it (findmnt, dmsetup ls --tree), then run this again"};
  if (mounted_by_system(volume))
    return Error{Code::refused, "will not mount on '" + volume.mount_point + "'",
                 "the running system lies there",
                 "mount it elsewhere first and copy the system; see latchkey.conf(5), volumes"};
  if (const auto used = mount_place_error(volume.mount_point)) return *used;
  const auto point = open_mount_point(volume.mount_point, false);
  if (!point) return point.error().code == Code::missing ? Result<>(Ok{}) : point.error();
  const auto files = list_files(point->directory, 3);
  if (!files) return files.error();
  if (files->count == 0) return Ok{};
  return Error{Code::refused, "will not mount on '" + volume.mount_point + "'",
               "it holds files that the mount would hide: " + join(files->names, ", "),
               "move them away; once the volume is mounted, move them into it"};
}

bool is_open(const Setup& setup, const Volume& volume) { return facts_of(setup, volume).open; }

Result<> open_and_mount(const Paths& paths, const Volume& volume, const Secret& key) {
  const auto setup = load_setup(paths);
  if (!setup) return setup.error();
  const VolumeFacts fact = facts_of(*setup, volume);
  if (!fact.open)
    if (auto opened = open_mapping(request_for(volume), key); !opened) return opened;
  if (volume.mount_point.empty() || fact.mounted) return Ok{};
  if (auto above = mount_what_is_above(*setup, paths, volume); !above) return above;
  if (auto mounted = mount_volume(volume, false); !mounted) return mounted;
  // What was guarded is listed before its line can be edited.
  for (const Error& error : follow_volumes(*setup, paths)) report_warning(error);
  return Ok{};
}

}  // namespace latchkey
