// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/keys/restorer.hpp"

#include <unistd.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "core/keys/restore_config.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/image/rebuild.hpp"
#include "latchkey/keys/keys_maker.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/keys/keys_volume.hpp"
#include "sys/luks/header_copy.hpp"
#include "sys/luks/luks.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/loop.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/storage/lvm_admin.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

// The tag of a logical volume that is made again, until its content is there.
constexpr const char* made_tag = "latchkey-restore";

}  // namespace

std::string target_of(const BackupPart& part) {
  return part.header.empty() ? device_of(part).path() : part.header;
}

Restorer::Restorer(const Globals& globals, const BackupReader& backup, const ProvedBackup& proved,
                   const RestoreWishes& wishes, Unfinished& work)
    : globals_(globals),
      backup_(backup),
      proved_(proved),
      wishes_(wishes),
      work_(work),
      parts_(backup.manifest().parts) {
  for (BackupPart& part : parts_)
    if (is_named(part)) part.device = wishes_.devices.at(part.name).text();
}

const BackupPart& Restorer::keys_part() const {
  return *std::ranges::find(parts_, BackupPart::Kind::keys, &BackupPart::kind);
}

void Restorer::tell(const Error& error) {
  report_warning(error);
  if (!problem_) problem_ = error;
}

bool Restorer::changed() const { return wrote_anything(work_); }

Result<> Restorer::save() { return save_unfinished(globals_.paths, work_); }

void Restorer::tell(const BackupPart& part, const Error& error) {
  told_.insert(part.name);
  tell(error);
}

Result<> Restorer::note(const std::string& key) {
  work_.values[key] = "yes";
  return save();
}

std::vector<WorkStep> Restorer::steps() {
  std::vector<WorkStep> steps;
  steps.push_back({"files", "", [this] { return put_files(); }});
  steps.push_back({"keys-lv", "", [this] { return make_keys_lv(); }});
  for (const BackupPart& part : parts_) {
    const BackupPart* one = &part;
    if (part.kind == BackupPart::Kind::keys)
      steps.push_back({"keys", "", [this, one] { return put_keys(*one); }});
    if (part.kind == BackupPart::Kind::header)
      steps.push_back({"header-" + part.name, "", [this, one] { return put(*one); }});
  }
  steps.push_back({"key-files", "", [this] { return put_key_files(); }});
  steps.push_back({"image", "", [this]() -> Result<> {
                     // An image is made of the files, and has what the headers need.
                     if (!changed()) return Ok{};
                     return bring_images_up_to_date(globals_);
                   }});
  return steps;
}

Result<> Restorer::put_files() {
  for (const BackupPart& part : parts_) {
    if (part.kind != BackupPart::Kind::file) continue;
    std::string text;
    // The file may lie where somebody else gives other bytes by now.
    auto read = backup_.whole(part, [&](std::string_view bytes) -> Result<> {
      text += bytes;
      return Ok{};
    });
    if (!read) return read;
    const std::string file = globals_.paths.etc(part.name);
    const auto there = read_file(file);
    if (there && *there == text) continue;
    if (there) {
      const auto against = contradictions(part.name, *there, text);
      if (!against.empty()) tell(contradiction_error(file, against));
      say(globals_, "'" + file + "' differs from the backup and is left as it is");
      continue;
    }
    if (there.error().code != Code::missing) return there.error();
    if (auto noted = note("files"); !noted) return noted;
    const mode_t mode = part.name == "authorized_keys" ? 0600 : 0644;
    if (auto written = write_file(file, text, mode); !written) return written;
    say(globals_, "'" + file + "' is put back");
  }
  // What `services` says is held by what systemd makes of it when it reads anew.
  if (!work_.value("files").empty() && systemd_runs())
    if (auto done = reload_systemd(); !done) report_warning(done.error());
  return Ok{};
}

// A mirror again where it was one. A group that has lost disks is no reason to do without the keys.
Result<> Restorer::make_like(const BackupPart& part, const DeviceRef& device) const {
  const std::string size = std::to_string(part.size) + "b";
  if (part.mirrors > 0) {
    const auto mirror = create_lv(device, size, made_tag, static_cast<unsigned>(part.mirrors));
    if (mirror || mirror.error().code != Code::refused) return mirror;
    if (auto plain = create_lv(device, size, made_tag); !plain) return plain;
    report_warning({Code::partial, part.device + " is no mirror any more", mirror.error().why,
                    "give the group as many disks as before (lvm vgextend); then run: lvm "
                    "lvconvert --type raid1 --mirrors " +
                        std::to_string(part.mirrors) + " " + part.device});
    return Ok{};
  }
  return create_lv(device, size, made_tag);
}

Result<> Restorer::make_keys_lv() {
  const BackupPart& part = keys_part();
  const DeviceRef device = device_of(part);
  // One that was named is there already, or nothing is made in its place.
  if (device.kind != DeviceRef::Kind::lv || is_named(part)) return Ok{};
  const auto fact = look(part);
  // Told by the step that puts the content there.
  if (!fact) return Ok{};
  if (decide_restore(part, *fact, may_overwrite(part)).action != RestoreAction::make) return Ok{};
  say(globals_, "making " + part.device + " again");
  const bool before = !work_.value("lv").empty();
  if (auto noted = note("lv"); !noted) return noted;
  const auto made = make_like(part, device);
  const auto reached = made ? reachable_or_gone(device) : made;
  if (reached) return Ok{};
  // The headers can do without it.
  Error error = reached.error();
  if (!made && error.code != Code::missing)
    error.hint =
        "give the group room or its disks back (lvm vgs, lvm pvs); then run the restore "
        "again";
  tell(part, error);
  if (!before) work_.values.erase("lv");
  return save();
}

Result<> Restorer::put_keys(const BackupPart& part) {
  if (const auto other = other_keys()) read_other_keys(*other);
  if (auto done = put(part); !done) return done;
  const DeviceRef device = device_of(part);
  const bool made_here = !work_.value("lv").empty();
  if (told_.contains(part.name) || !made_here || device.kind != DeviceRef::Kind::lv ||
      is_named(part))
    return Ok{};
  return untag_lv(device, made_tag);
}

bool Restorer::may_overwrite(const BackupPart& part) const {
  return std::ranges::find(wishes_.overwrite, part.name) != wishes_.overwrite.end();
}

Result<> Restorer::put(const BackupPart& part) {
  const auto fact = look(part);
  if (!fact) {
    tell(part, fact.error());
    return Ok{};
  }
  const RestoreDecision decision = decide_restore(part, *fact, may_overwrite(part));
  switch (decision.action) {
    case RestoreAction::nothing:
      say(globals_, part.text() + " is as it should be");
      judge_what_is_open(part);
      find_again(part);
      // An earlier run may have been killed before it could note so.
      return fact->begun ? note_whole(part) : Ok{};
    case RestoreAction::write:
      if (!fact->signature.empty() && fact->signature != "crypto_LUKS")
        say(globals_, "over " + printable(fact->signature, 64) + " on " + part.device +
                          ": what that wrote over the old content does not come back");
      return write(part);
    case RestoreAction::make:
      // Why it could not be made was told then.
      if (told_.contains(part.name)) return Ok{};
      [[fallthrough]];
    case RestoreAction::missing:
    case RestoreAction::refuse:
      tell(part, restore_error(part, decision));
  }
  return Ok{};
}

Result<> Restorer::write(const BackupPart& part) {
  // From here on a half-written part is ours to write again.
  mark_begun(work_, part);
  if (auto noted = save(); !noted) return noted;
  say(globals_,
      "writing " + part.text() + " to " + (part.header.empty() ? part.device : part.header));
  if (part.kind == BackupPart::Kind::keys) {
    if (auto done = write_device(backup_, part, target_of(part)); !done) return done;
  } else {
    auto folder = HeaderFolder::make(globals_.paths);
    if (!folder) return folder.error();
    const std::string file = folder->fresh();
    if (auto out = backup_.extract(part, file); !out) return out;
    const LuksPlace place{device_of(part).path(), part.header, part.name, part.uuid};
    if (auto done = put_header_back(place, part.type, file); !done) return done;
  }
  if (auto proved = prove(part); !proved) return proved;
  judge_what_is_open(part);
  find_again(part);
  return note_whole(part);
}

Result<> Restorer::note_whole(const BackupPart& part) {
  mark_whole(work_, part);
  return save();
}

Result<> Restorer::prove(const BackupPart& part) {
  const auto fact = look(part);
  if (!fact) return fact.error();
  if (decide_restore(part, *fact, false).action == RestoreAction::nothing) return Ok{};
  if (fact->header && fact->opens && !fact->whole)
    return Error{Code::io, part.text() + " was written, but cannot be used there", fact->unread,
                 "if its disk has other sectors than the one of the backup had (lsblk -o "
                 "NAME,LOG-SEC), move the logical volume to one that has not: lvm pvmove; then run "
                 "the restore again"};
  return Error{Code::io, part.text() + " was written, but does not open",
               "the device does not give back what was written",
               "look at: dmesg; then run the restore again"};
}

}  // namespace latchkey
