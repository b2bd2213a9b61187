// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/keys/rekeyer.hpp"

#include <algorithm>
#include <filesystem>

#include "core/base/text.hpp"
#include "core/config/config_edit.hpp"
#include "core/keys/backup_format.hpp"
#include "core/keys/rekey_work.hpp"
#include "core/luks/luks_slots.hpp"
#include "core/luks/slot_marks.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/image/rebuild.hpp"
#include "latchkey/keys/new_passphrase.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/lasting.hpp"
#include "sys/config/owners_file.hpp"
#include "sys/image/cryptroot.hpp"
#include "sys/keys/passphrase.hpp"
#include "sys/luks/luks.hpp"

namespace latchkey {
namespace {

// Beside the old one, which has the usual name while it is open. Those of volumes begin
// with cleartext-, unless the configuration says otherwise.
constexpr const char* new_mapping = "latchkey-new-keys";

std::string no_new_key(const Volume& volume) {
  return "cannot give '" + volume.name + "' a new key";
}

Error refused(const std::string& why, const std::string& hint) {
  return {Code::refused, "cannot make a new keys volume", why, hint};
}

}  // namespace

Rekeyer::Rekeyer(const Globals& globals, const Setup& setup, Unfinished work)
    : globals_(globals),
      setup_(setup),
      maker_{.globals = globals, .work = std::move(work), .mapping = new_mapping} {}

int Rekeyer::new_slot(const Volume& volume) const {
  return recorded_slot(maker_.work, "new-" + volume.name);
}

// One that came after the switch has its key on the new one already.
bool Rekeyer::concerns(const Volume& volume) const {
  return !switched() || new_slot(volume) != LuksDevice::any_slot;
}

// True once the configuration names the new one, whatever was marked.
bool Rekeyer::switched() const {
  const KeysVolume& keys = setup_.config.keys;
  return !maker_.work.value("lv").empty() && keys.device == maker_.lv() &&
         keys.uuid == maker_.work.value("uuid");
}

Result<> Rekeyer::prepare(Asker& asker, bool accept_weak) {
  if (switched()) {
    std::vector<std::string>& done = maker_.work.done;
    if (!maker_.work.is_done("configure")) done.emplace_back("configure");
    if (auto closed = close_leftover(maker_.mapping, maker_.lv().path()); !closed) return closed;
    auto session = KeysSession::open(globals_, setup_, asker, KeysAccess::write);
    // A script that gives both passphrases again gives the old one first.
    if (!session && session.error().code == Code::denied && !asker.interactive())
      session = KeysSession::open(globals_, setup_, asker, KeysAccess::write);
    if (!session) return session.error();
    session_ = std::move(*session);
    return Ok{};
  }
  // The next boot would look for the volume that is about to be destroyed.
  if (auto lost = settings_are_lost(globals_.paths)) return *lost;
  if (setup_.config.keys.device.kind != DeviceRef::Kind::lv)
    return refused("it is made beside the old one, which is no logical volume",
                   "where it is one that is named otherwise, write device = \"VG/LV\" into "
                   "latchkey.conf; else: latchkey change-passphrase, and latchkey rotate-key NAME "
                   "for each volume");
  for (const Volume& volume : setup_.volumes)
    if (auto own = has_own_key_file(setup_, volume, no_new_key(volume)); !own) return own;
  if (auto begun = begin(); !begun) return begun;
  auto session = KeysSession::open(globals_, setup_, asker, KeysAccess::read);
  if (!session) return session.error();
  session_ = std::move(*session);
  // An unlock is not to wait for a person.
  const Secret old = copy_of(session_->passphrase());
  asker.let_go_while_asking({.let_go =
                                 [this] {
                                   (void)session_->close();
                                   session_.reset();
                                 },
                             .take_again = [this, &old]() -> Result<> {
                               auto again = KeysSession::open(globals_, setup_, copy_of(old),
                                                              KeysAccess::read);
                               if (!again) return again.error();
                               session_ = std::move(*again);
                               return Ok{};
                             }});
  const auto asked = ask_new(asker, accept_weak);
  asker.let_go_while_asking({});
  if (!asked) return asked;
  // What came to the old one since an interrupted run, or was the key of a volume that has been
  // forgotten since, would be lost with it.
  std::erase(maker_.work.done, "files");
  for (const Volume& volume : setup_.volumes)
    if (auto looked = look_at(volume); !looked) return looked;
  return Ok{};
}

// What there is to be, and whether there is room for it.
Result<> Rekeyer::begin() {
  if (const auto place = place_of_owners_file(globals_.paths.etc("latchkey.conf")); !place)
    return place.error();
  const DeviceRef& old = setup_.config.keys.device;
  const WokenLv woken(old);
  if (auto there = keys_device_is_there(old); !there) return there;
  const auto header = read_luks_header(place_of(setup_.config.keys));
  if (!header) return header.error();
  auto& values = maker_.work.values;
  values["vg"] = old.vg;
  values["old"] = old.text();
  values["old-uuid"] = header->uuid;
  if (maker_.work.is_done("lv")) {
    const auto there = find_lv(maker_.lv());
    if (!there) return there.error();
    if (!*there) {
      say(globals_, "the new keys volume " + maker_.lv().text() + " is gone: beginning afresh");
      forget_new_keys_volume(maker_.work);
    }
  }
  if (values["lv"].empty()) {
    const auto lv = find_lv(old);
    if (!lv) return lv.error();
    auto name = free_keys_name(old.vg);
    if (!name) return name.error();
    values["lv"] = *name;
    values["size"] = size_of_new_keys_volume(*lv ? (*lv)->size : 0);
  }
  if (!maker_.work.is_done("lv")) {
    // Each time: the old one may have been changed meanwhile, so that this one can be made.
    const auto mirrors = mirrors_of(old);
    if (!mirrors) return mirrors.error();
    values["mirrors"] = std::to_string(*mirrors);
    if (auto outside = reaches_outside(old.vg); !outside) return outside;
  }
  if (auto closed = close_leftover(maker_.mapping, maker_.lv().path()); !closed) return closed;
  if (auto named = name_keys_volume(maker_); !named) return named;
  const auto vg = find_vg(old.vg);
  if (!vg) return vg.error();
  if (auto room = judge_keys_room(maker_, *vg); !room) return room;
  const auto edited = new_configuration();
  return edited ? Result<>(Ok{}) : Result<>(edited.error());
}

Result<std::string> Rekeyer::new_configuration() const {
  const std::string conf = globals_.paths.etc("latchkey.conf");
  const auto text = read_file(conf);
  return text ? with_keys_volume(*text, conf, maker_.volume()) : text;
}

Result<> Rekeyer::ask_new(Asker& asker, bool accept_weak) {
  if (!maker_.work.is_done("file-system")) {
    auto typed =
        ask_new_passphrase(globals_, asker, "new passphrase of the new keys volume", accept_weak);
    if (!typed) return typed.error();
    passphrase_ = copy_of(*typed);
    maker_.passphrase = std::move(*typed);
    std::erase(maker_.work.done, "format");
    return Ok{};
  }
  const auto known = with_passphrase(globals_, asker, "new passphrase, as it was typed before",
                                     [&](Secret typed) -> Result<> {
                                       passphrase_ = std::move(typed);
                                       const auto opened = fresh();
                                       return opened ? Result<>(Ok{}) : Result<>(opened.error());
                                     });
  if (known || known.error().code != Code::denied) return known;
  return Error{Code::denied, "cannot go on with the new keys volume",
               "this is not the new passphrase that was typed before",
               "if nobody knows it any more, run: lvm lvremove " + maker_.lv().text() +
                   ", and then: latchkey rekey"};
}

// Finds the slot that the old key opens, and one for the new key: that of an interrupted
// run only if what it stored opens it.
Result<> Rekeyer::look_at(const Volume& volume) {
  const std::string what = no_new_key(volume);
  if (auto stands = stands_for_good(volume.device, what, "'" + volume.name + "'"); !stands)
    return stands;
  auto header = AwakeHeader::of_volume(setup_, volume);
  if (!header) return header.error();
  LuksDevice& luks = header->luks();
  const auto key = session_->keys().read(volume.key_file);
  if (!key) return key.error();
  if (const auto opens = slot_of_key_file(luks, volume, *key, what); !opens) return opens.error();
  auto& values = maker_.work.values;
  // The same key may sit in several slots.
  const auto all = opened_slots(setup_, &volume, luks, *key);
  if (!all) return all.error();
  values["old-" + volume.name] = text_of_slots(*all);
  mark_slots(maker_.work, "old-" + volume.name, luks);
  const int made = new_slot(volume);
  const bool added = maker_.work.is_done("key-" + volume.name);
  std::erase(maker_.work.done, "key-" + volume.name);
  if (fresh_ && made != LuksDevice::any_slot && std::ranges::find(*all, made) == all->end() &&
      luks.has_slot(made))
    if (const auto stored = fresh_->read(volume.key_file); stored && luks.try_slot(made, *stored)) {
      maker_.work.done.push_back("key-" + volume.name);
      return Ok{};
    }
  // Its key was on a new keys volume that is gone.
  if (added && !fresh_ && std::ranges::find(*all, made) == all->end() &&
      luks.slot_names().count(made) == 0 &&
      !is_another_slot(maker_.work, "new-" + volume.name, made, luks.slot_mark(made)))
    if (auto gone = luks.remove_slot(made); !gone) return gone;
  const auto free = luks.free_slot();
  if (!free) return free.error();
  values["new-" + volume.name] = std::to_string(*free);
  return Ok{};
}

Result<const OpenKeys*> Rekeyer::fresh() {
  if (switched()) return &session_->keys();
  if (!fresh_) {
    if (!maker_.woken) maker_.woken = std::make_unique<WokenLv>(maker_.lv());
    auto opened = OpenKeys::open(maker_.volume(), passphrase_, KeysAccess::write,
                                 [this](const std::string& text) { say(globals_, text); });
    if (!opened) return opened.error();
    fresh_ = std::move(*opened);
  }
  return &*fresh_;
}

std::vector<WorkStep> Rekeyer::steps() {
  std::vector<WorkStep> steps = steps_to_make_keys(maker_);
  steps.push_back({"files", "", [this] { return take_along(); }});
  // Once the new one is configured no key is drawn any more: it would be written over the
  // only one that opens the volume.
  for (const Volume& volume : setup_.volumes)
    if (!switched())
      steps.push_back({"key-" + volume.name, "giving '" + volume.name + "' a new key",
                       [this, &volume] { return give_key(volume); }});
  steps.push_back({"configure", "", [this] { return configure(); }});
  // From here on the images open the new one; until here, the old one.
  steps.push_back({"image", "bringing the new keys volume into the image of every kernel",
                   [this] { return bring_images_up_to_date(globals_); }});
  for (const Volume& volume : setup_.volumes)
    if (concerns(volume))
      steps.push_back({"remove-" + volume.name, "removing the old key of '" + volume.name + "'",
                       [this, &volume] { return remove_old_key(volume); }});
  // Images hold copies of headers that are kept elsewhere, the old slots among them.
  if (std::ranges::any_of(setup_.volumes, header_in_file))
    steps.push_back({"header-copies", "", [this] { return bring_images_up_to_date(globals_); }});
  steps.push_back({"retire", "removing the old keys volume", [this] { return retire(); }});
  steps.push_back({"untag", "", [this] { return close(); }});
  steps.push_back(note_step(globals_));
  return steps;
}

// What the old one holds beside the keys is its owner's: a copy goes along, and where
// that cannot be, the old one stays.
Result<> Rekeyer::take_along() {
  const auto to = fresh();
  if (!to) return to.error();
  const OpenKeys& from = session_->keys();
  std::vector<std::string> stays;
  std::error_code failed;
  for (std::filesystem::directory_iterator
           at("/proc/self/fd/" + std::to_string(from.directory()), failed),
       end;
       !failed && at != end; at.increment(failed)) {
    const std::string name = at->path().filename();
    // With the key that seals backups, who had the old keys volume could seal what he likes.
    // The next backup makes another one; older backups hold their own.
    if (name == "lost+found" || name == backup_key_file ||
        std::ranges::find(setup_.volumes, name, &Volume::key_file) != setup_.volumes.end())
      continue;
    const KeysEntry kind = kind_of_keys_entry(name);
    if (kind == KeysEntry::leftover) continue;
    const auto content = from.read(name);
    // An editor's file, say: what it holds is its owner's to look at.
    if (kind == KeysEntry::hidden || !content) {
      stays.push_back(printable(name));
      continue;
    }
    if (auto written = (*to)->write(name, *content); !written) return written;
  }
  if (failed)
    return Error{Code::io, "cannot list the keys volume", failed.message(),
                 "look for the reason: dmesg; then run this again"};
  maker_.work.values["stays"] = join(stays, "', '");
  return Ok{};
}

Result<> Rekeyer::give_key(const Volume& volume) {
  const auto to = fresh();
  if (!to) return to.error();
  auto header = AwakeHeader::of_volume(setup_, volume);
  if (!header) return header.error();
  const auto current = session_->keys().read(volume.key_file);
  if (!current) return current.error();
  const auto drawn = RandomKey::draw();
  if (!drawn) return drawn.error();
  // Stored before it opens anything: a slot whose key nobody has cannot come to be.
  if (auto written = (*to)->write(volume.key_file, drawn->secret()); !written) return written;
  const int made = new_slot(volume);
  LuksDevice& luks = header->luks();
  if (auto added = note_added(luks.add_slot(*current, *drawn, made), maker_.work,
                              "new-" + volume.name, luks);
      !added)
    return added;
  const auto stored = (*to)->read(volume.key_file);
  return stored ? luks.try_slot(made, *stored) : Result<>(stored.error());
}

Result<> Rekeyer::configure() const {
  const auto edited = new_configuration();
  if (!edited) return edited.error();
  return write_owners_file(globals_.paths.etc("latchkey.conf"), *edited);
}

// Nobody else may come to open the new one while it is open here: it is closed before
// the turn is given back.
Result<> Rekeyer::let_go() {
  if (fresh_)
    if (auto closed = fresh_->close(); !closed) return closed;
  fresh_.reset();
  if (session_)
    if (auto closed = session_->close(); !closed) return closed;
  session_.reset();
  return Ok{};
}

Result<> Rekeyer::close() {
  if (auto closed = let_go(); !closed) return closed;
  return finish_keys_lv(maker_);
}

std::vector<std::string> Rekeyer::other_slots() const {
  std::vector<std::string> lines;
  for (const Volume& volume : setup_.volumes) {
    auto header = AwakeHeader::of_volume(setup_, volume);
    if (!header) continue;
    const auto names = header->luks().slot_names();
    const int own = new_slot(volume);
    if (own == LuksDevice::any_slot) continue;
    std::vector<std::string> others;
    for (const SlotCost& one : header->luks().header().slots)
      if (one.slot != own) others.push_back(slot_text(names, one.slot));
    if (!others.empty()) lines.push_back("'" + volume.name + "': " + join(others, ", "));
  }
  return lines;
}

}  // namespace latchkey
