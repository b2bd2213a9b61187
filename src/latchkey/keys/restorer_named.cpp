// SPDX-License-Identifier: GPL-3.0-or-later
// Devices that the administrator named: a volume that is configured by its UUID cannot be
// found by it once its header is wiped. And those that the kernel named, perhaps anew since the
// backup. Nothing on a wiped device tells whose it is, so all that tells whose it is not is
// looked at.
#include <chrono>

#include "core/base/text.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/keys/restorer.hpp"
#include "sys/config/setup.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/device_owner.hpp"

namespace latchkey {
namespace {

void add(std::vector<OwnedDevice>& out, const std::string& owner, const DeviceRef& device,
         const std::string& header) {
  out.push_back({owner, device.path()});
  if (header.starts_with("/dev/")) out.push_back({"the header of " + owner, header});
}

std::string volume_text(const std::string& name) { return "the volume '" + printable(name) + "'"; }

}  // namespace

bool Restorer::is_named(const BackupPart& part) const {
  return part.kind != BackupPart::Kind::file && wishes_.devices.contains(part.name);
}

// Where the next unlock looks for it.
DeviceRef Restorer::configured(const BackupPart& part) const {
  const bool keys = part.kind == BackupPart::Kind::keys;
  if (const auto setup = load_setup(globals_.paths)) {
    if (keys) return setup->config.keys.device;
    if (const Volume* volume = find_volume(*setup, part.name)) return volume->device;
  }
  for (const BackupPart& saved : backup_.manifest().parts)
    if (saved.kind == part.kind && saved.name == part.name) return *parse_device_ref(saved.device);
  return device_of(part);
}

std::string Restorer::why_not_its_device(const BackupPart& part) const {
  const std::string path = target_of(part);
  const bool apart = !part.header.empty();
  if (!block_device(path)) return "it is no block device";
  const DeviceRef usual = configured(part);
  const auto there = block_device(usual.path());
  if (is_named(part) && there && there != block_device(path) && !usual.may_change())
    return "the device of " + part.owner() + " is there, and is another one: " + usual.text() +
           "; run the restore without --device for it";
  const std::string where =
      apart ? header_elsewhere(path, part.uuid) : found_elsewhere(path, part.uuid);
  if (!where.empty()) return "it is not the device of " + part.owner() + ": " + where;

  std::vector<OwnedDevice> others;
  // A header that is kept apart is not written over its own data.
  if (apart) add(others, volume_text(part.name), usual, "");
  if (const auto setup = load_setup(globals_.paths)) {
    if (part.kind != BackupPart::Kind::keys)
      add(others, "the keys volume", setup->config.keys.device, "");
    for (const Volume& volume : setup->volumes)
      if (part.kind != BackupPart::Kind::header || volume.name != part.name)
        add(others, volume_text(volume.name), volume.device, volume.header);
  }
  for (const BackupPart& other : parts_)
    if (other.kind != BackupPart::Kind::file &&
        (other.kind != part.kind || other.name != part.name))
      add(others, other.kind == BackupPart::Kind::keys ? other.text() : volume_text(other.name),
          *parse_device_ref(other.device), other.header);
  const std::string owner = owner_of(path, others);
  return owner.empty() ? "" : "it is, or holds, the device of " + owner;
}

// What is put back where nobody looks for it opens nothing at the next boot.
void Restorer::find_again(const BackupPart& part) {
  if (!is_named(part)) return;
  const DeviceRef usual = configured(part);
  const auto here = block_device(device_of(part).path());
  const bool by_link = usual.kind != DeviceRef::Kind::path && usual.kind != DeviceRef::Kind::lv;
  if (wait_for_devices([&] { return block_device(usual.path()) == here; },
                       std::chrono::seconds(by_link ? 10 : 0)))
    return;
  const bool by_its_uuid = usual.kind == DeviceRef::Kind::uuid && usual.value == part.uuid;
  const std::string file =
      globals_.paths.etc(part.kind == BackupPart::Kind::keys ? "latchkey.conf" : "volumes");
  tell(part,
       {Code::partial,
        part.text() + " is on " + part.device +
            " and whole, but unlocks look "
            "for it at " +
            usual.text(),
        by_its_uuid ? "udev did not make a link of its UUID within 10 s"
                    : "that does not lead to " + part.device,
        by_its_uuid ? "run: udevadm trigger --settle " + part.device + "; then the restore again"
                    : "write UUID=" + part.uuid + " in the place of " + usual.text() + " into '" +
                          file + "', then run the restore again"});
}

}  // namespace latchkey
