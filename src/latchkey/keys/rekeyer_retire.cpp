// SPDX-License-Identifier: GPL-3.0-or-later
// How a rekey ends: the old keys and their volume go, once they are known to be needed no more.
#include "core/keys/rekey_work.hpp"
#include "core/luks/slot_marks.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/keys/rekeyer.hpp"
#include "sys/luks/key_slots.hpp"
#include "sys/luks/luks.hpp"
#include "sys/luks/own_content.hpp"

namespace latchkey {

// Only when the key that is on the disk now is proved to open it: that which was drawn here,
// or a later one of `rotate-key`.
Result<> Rekeyer::remove_old_key(const Volume& volume) {
  const auto keys = fresh();
  if (!keys) return keys.error();
  auto header = AwakeHeader::of_volume(setup_, volume);
  if (!header) return header.error();
  const auto stored = (*keys)->read(volume.key_file);
  if (!stored) return stored.error();
  const auto opens = header->luks().try_key(*stored);
  if (!opens) return opens.error();
  maker_.work.values["new-" + volume.name] = std::to_string(*opens);
  LuksDevice& luks = header->luks();
  return remove_replaced_slots(luks, unchanged_slots(maker_.work, "old-" + volume.name, luks),
                               *stored);
}

Result<> Rekeyer::retire() {
  if (auto closed = let_go(); !closed) return closed;
  const auto now = load_setup(globals_.paths);
  if (!now) return now.error();
  if (!(now->config.keys.device == maker_.lv()))
    return Error{Code::refused, "cannot make a new keys volume",
                 "latchkey.conf does not name " + maker_.lv().text() + " any more",
                 "see who else changes it"};
  const auto old = parse_device_ref(maker_.work.value("old"));
  if (!old) return old.error();
  const auto there = find_lv(*old);
  if (!there) return there.error();
  if (!*there) return Ok{};
  const auto snapshots = snapshots_of(*old);
  if (!snapshots) return snapshots.error();
  const std::string stays =
      why_old_keys_stay(old->text(), maker_.work.value("stays"), snapshots->classic);
  if (!stays.empty()) {
    say(globals_, stays);
    return Ok{};
  }
  const WokenLv woken(*old);
  const std::string uuid = maker_.work.value("old-uuid");
  if (auto ours = look_before_removal(*old, uuid); !ours) return ours;
  if (auto wiped = wipe_header(place_of(KeysVolume{.device = *old, .uuid = uuid})); !wiped)
    return wiped;
  return remove_lv(*old);
}

}  // namespace latchkey
