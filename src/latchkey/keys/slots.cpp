// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/keys/slots.hpp"

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/keys/rekey_work.hpp"
#include "core/luks/luks_slots.hpp"
#include "core/luks/slot_marks.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/config/state.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/keys/unlock_turn.hpp"
#include "sys/luks/key_slots.hpp"
#include "sys/luks/luks_copies.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/lvm_admin.hpp"

namespace latchkey {

Result<> AwakeHeader::load(const DeviceRef& device, const LuksPlace& place) {
  woken_ = std::make_unique<WokenLv>(device);
  if (!block_device(device.path()))
    return Error{Code::missing, "cannot change the key slots of '" + place.name + "'",
                 "there is no device " + device.text(), missing_disk_hint()};
  auto luks = LuksDevice::open(place);
  if (!luks) return luks.error();
  luks_ = std::move(*luks);
  return Ok{};
}

Result<> stands_for_good(const DeviceRef& device, const std::string& what,
                         const std::string& owner) {
  const DeviceRef lv = as_lv(device);
  if (lv.kind != DeviceRef::Kind::lv) return Ok{};
  const auto found = snapshots_of(lv);
  if (!found) return Ok{};
  if (auto stands = is_not_merging(*found, lv, what); !stands) return stands;
  std::vector<std::string> names = found->classic;
  names.insert(names.end(), found->thin.begin(), found->thin.end());
  if (names.empty()) return Ok{};
  report_warning({Code::partial,
                  owner + " has snapshots, with its keys of before: " + join(names, ", "),
                  "merged back, it would have those alone",
                  "when this is done, make a new backup, or remove them; see A SNAPSHOT IS MERGED "
                  "BACK in latchkey-recovery(7)"});
  return Ok{};
}

Result<AwakeHeader> AwakeHeader::of_keys(const Globals& globals, const Setup& setup) {
  const KeysVolume& keys = setup.config.keys;
  if (auto stands =
          stands_for_good(keys.device, "cannot change the passphrases", "the keys volume");
      !stands)
    return stands.error();
  AwakeHeader header;
  if (auto taken = header.take(globals, setup); !taken) return taken.error();
  return header;
}

Result<> AwakeHeader::take(const Globals& globals, const Setup& setup) {
  auto turn = take_unlock_turn(setup, globals.paths, std::chrono::seconds(60));
  if (!turn) return turn.error();
  turn_ = std::move(*turn);
  const KeysVolume& keys = setup.config.keys;
  if (auto own = leads_to_its_own_header(keys, "cannot change the passphrases"); !own) return own;
  return load(keys.device, place_of(keys));
}

// No other command changes the header meanwhile: the lock of begin_admin stays.
void AwakeHeader::give_way_to_unlocks(Asker& asker, const Globals& globals, const Setup& setup) {
  asker.let_go_while_asking(
      {.let_go =
           [this] {
             luks_.reset();
             woken_.reset();
             turn_.reset();
           },
       .take_again = [this, &globals, &setup] { return take(globals, setup); }});
}

Result<AwakeHeader> AwakeHeader::of_volume(const Setup& setup, const Volume& volume) {
  if (auto own =
          leads_to_its_own_header(volume, "cannot change the key slots of '" + volume.name + "'");
      !own)
    return own.error();
  AwakeHeader header;
  if (auto loaded = header.load(volume.device, place_of(volume, setup.config.boot)); !loaded)
    return loaded.error();
  return header;
}

void AwakeHeader::rest(const Setup& setup) {
  luks_.reset();
  woken_.reset();
  if (auto rested = rest_keys_volume(setup); !rested) report_warning(rested.error());
  turn_.reset();
}

Result<const Volume*> the_volume(const Setup& setup, const std::string& name) {
  if (const Volume* volume = find_volume(setup, name)) return volume;
  std::vector<std::string> names;
  for (const Volume& volume : setup.volumes) names.push_back(volume.name);
  const auto near = nearest(name, names);
  return Error{Code::usage, "there is no volume '" + printable(name) + "'", "",
               near ? "did you mean '" + *near + "'?" : "see: latchkey status"};
}

Result<> has_own_key_file(const Setup& setup, const Volume& volume, const std::string& what) {
  const Volume* const other = shares_key_file(setup.volumes, volume);
  if (other == nullptr) return Ok{};
  return Error{Code::refused, what,
               "'" + other->name + "' is opened by the same key file '" + volume.key_file + "'",
               "give each a key file of its own; see x-latchkey.key in latchkey.conf(5)"};
}

Result<int> slot_of_key_file(const LuksDevice& luks, const Volume& volume, const Secret& key,
                             const std::string& what) {
  const auto opens = luks.try_key(key);
  if (!opens && opens.error().code == Code::denied)
    return Error{Code::denied, what,
                 "no key slot accepts its key file '" + printable(volume.key_file) + "'",
                 "see: latchkey check --with-keys"};
  return opens;
}

std::string removal_of_slot(const Setup& setup, const Volume* volume, int slot) {
  const LuksPlace place = volume == nullptr ? place_of(setup.config.keys) : place_of(*volume);
  return command_to_remove_slot(place, volume == nullptr, slot);
}

Result<Unfinished> work_on(const Globals& globals, const std::string& name,
                           const std::string& command, const std::string& finish,
                           const std::string& meanwhile) {
  const auto before = work_to_finish(globals, name, command, finish);
  if (!before) return before.error();
  if (*before) return **before;
  Unfinished work;
  work.command = command;
  work.name = name;
  work.finish = finish;
  work.meanwhile = meanwhile;
  return work;
}

int recorded_slot(const Unfinished& work, const std::string& key) {
  const auto number = parse_number(work.value(key), 31);
  return number ? static_cast<int>(*number) : LuksDevice::any_slot;
}

bool added_before(const LuksDevice& luks, const Unfinished& work, const Secret& fresh) {
  const int slot = recorded_slot(work, "new");
  return slot != LuksDevice::any_slot && luks.has_slot(slot) && luks.try_slot(slot, fresh);
}

Result<> remove_half_made(LuksDevice& luks, const Unfinished& work, int keep,
                          const std::string& removal) {
  const int slot = recorded_slot(work, "new");
  if (slot == LuksDevice::any_slot || slot == keep || !luks.has_slot(slot)) return Ok{};
  const bool another = is_another_slot(work, "new", slot, luks.slot_mark(slot));
  if (work.is_done("add") && !another) return luks.remove_slot(slot);
  // The number was chosen before there was a slot: somebody else may have filled it since.
  report_warning({Code::refused, "key slot " + std::to_string(slot) + " was left as it is",
                  another ? "it is not the one any more that '" + work.command + "' made"
                          : "it came while '" + work.command +
                                "' was interrupted: it may be of that, or somebody else's",
                  "when nobody needs it: " + removal});
  return Ok{};
}

Result<std::vector<int>> opened_slots(const Setup& setup, const Volume* volume,
                                      const LuksDevice& luks, const Secret& key) {
  const std::string owner = volume == nullptr ? "the keys volume" : "'" + volume->name + "'";
  std::vector<int> untried;
  auto opened = slots_opened_by(luks, key, &untried);
  if (!opened) return opened;
  for (const int slot : untried)
    report_warning({Code::memory,
                    slot_text(luks.slot_names(), slot) + " of " + owner + " was not tried",
                    "it wants more memory than is free; what opened it goes on opening it",
                    "when nobody needs it: " + removal_of_slot(setup, volume, slot)});
  return opened;
}

void mark_slots(Unfinished& work, const std::string& key, const LuksDevice& luks) {
  for (const int slot : recorded_slots(work, key))
    note_slot_mark(work, key, slot, luks.slot_mark(slot));
}

Result<> note_added(const Result<int>& added, Unfinished& work, const std::string& key,
                    const LuksDevice& luks) {
  if (!added) return added.error();
  mark_slots(work, key, luks);
  return Ok{};
}

std::vector<int> unchanged_slots(const Unfinished& work, const std::string& key,
                                 const LuksDevice& luks) {
  std::vector<int> same;
  for (const int slot : recorded_slots(work, key)) {
    if (!luks.has_slot(slot) || !is_another_slot(work, key, slot, luks.slot_mark(slot))) {
      same.push_back(slot);
      continue;
    }
    report_warning({Code::refused, slot_text(luks.slot_names(), slot) + " was left as it is",
                    "the one that '" + work.command +
                        "' was to remove is gone, and another one "
                        "has got its number",
                    "look at it: cryptsetup luksDump"});
  }
  return same;
}

WorkStep note_step(const Globals& globals) {
  return {"note", "", [&globals] { return note_new_key(globals.paths); }};
}

}  // namespace latchkey
