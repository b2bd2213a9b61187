// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/setup/legacy_import.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/base/message.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/config/volume_lines.hpp"
#include "core/units/way_in.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/hold/holding.hpp"
#include "latchkey/storage/placing.hpp"
#include "sys/base/fd.hpp"
#include "sys/luks/header_view.hpp"
#include "sys/mount/mount_point.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/storage/lvm_admin.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

DeviceRef keys_in(const std::string& group) {
  return {.kind = DeviceRef::Kind::lv, .vg = group, .lv = "encrypted-keys"};
}

// The one LV of that name, best in the groups that the volumes are in.
Result<DeviceRef> find_keys(const std::vector<std::string>& groups) {
  std::vector<DeviceRef> found;
  for (const std::string& group : groups) {
    const auto there = find_lv(keys_in(group));
    if (!there) return there.error();
    if (*there) found.push_back(keys_in(group));
  }
  if (found.empty()) {  // a group may hold no data volume
    const auto others = groups_with_lv(keys_in("").lv);
    if (!others) return others.error();
    for (const std::string& group : *others) found.push_back(keys_in(group));
  }
  if (found.empty())
    return Error{Code::missing, "there is no keys volume",
                 "no volume group has a logical volume 'encrypted-keys'", missing_disk_hint()};
  if (found.size() > 1)
    return Error{Code::refused, "which is the keys volume?",
                 "'" + found[0].text() + "' and '" + found[1].text() + "' are both there",
                 "rename the one that is not: lvm lvrename"};
  return found[0];
}

// The scripts mounted through links; a release takes none, since whoever may change one chooses
// what is mounted over. Gives a line for people when there was one.
std::string follow_links(const Paths& paths, Volume& volume) {
  const std::string real = without_links(paths.root, volume.mount_point);
  if (real == volume.mount_point) return {};
  std::string note = "the mount point of '" + volume.name + "' is '" + printable(real) +
                     "' from here on: '" + printable(volume.mount_point) +
                     "' leads there through a symbolic link";
  volume.mount_point = real;
  return note;
}

}  // namespace

void LegacyImport::warn(const Error& error) {
  complete_ = false;
  report_warning(error);
}

Result<> LegacyImport::read(const std::string& directory) {
  std::error_code failed;
  std::filesystem::path place = std::filesystem::canonical(directory, failed);
  if (failed)
    return system_error(failed.value(), "cannot read '" + printable(directory) + "'",
                        "name the directory with conf/ac-fstab in it");
  if (std::filesystem::exists(place / "conf" / "ac-fstab", failed)) place /= "conf";
  directory_ = (place.filename() == "conf" ? place.parent_path() : place).string();
  const std::string fstab_file = (place / "ac-fstab").string();
  const std::string services_file = (place / "services").string();
  const auto fstab = read_file(fstab_file);
  if (!fstab) {
    Error error = fstab.error();
    error.hint = "name the directory with conf/ac-fstab in it";
    return error;
  }
  auto services = read_file(services_file);
  if (!services && services.error().code != Code::missing) return services.error();
  if (!services) services = std::string();
  auto layout = parse_legacy({*fstab, fstab_file}, {*services, services_file});
  if (!layout) return layout.error();
  layout_ = std::move(*layout);
  return Ok{};
}

Error LegacyImport::another_keys_volume() const {
  return {Code::refused, "this machine has another keys volume already",
          "'" + globals_.paths.etc("latchkey.conf") + "' names " + configured_->text(),
          "latchkey adopt takes single volumes in"};
}

Result<> LegacyImport::fits() {
  const Paths& paths = globals_.paths;
  const std::string conf = paths.etc("latchkey.conf");
  const auto text = read_file(conf);
  if (!text && text.error().code != Code::missing) return text.error();
  if (text) {
    const auto config = parse_config(*text, conf);
    if (!config) return config.error();
    configured_ = config->keys.device;
    // By its path, say: what find_keys() gives is compared later.
    configured_ = as_lv(*configured_);
    if (!(*configured_ == keys_in(configured_->vg))) return another_keys_volume();
  }
  const auto lines = volumes_text(paths);
  if (!lines) return lines.error();
  std::string all = *lines;
  const auto before = parse_volumes(all, paths.etc("volumes"));
  if (!before) return before.error();
  for (std::string& note : free_reserved_names(layout_.volumes, *before))
    layout_.notes.push_back(std::move(note));
  for (Volume& volume : layout_.volumes) {
    const auto same = std::ranges::find(*before, volume.name, &Volume::name);
    if (same == before->end()) {
      if (auto note = follow_links(paths, volume); !note.empty()) layout_.notes.push_back(note);
      all = with_volume_line(all, volume);
    } else if (!is_same_device(same->device, volume.device)) {
      return Error{Code::refused, "there is another volume '" + volume.name + "' already",
                   "'" + paths.etc("volumes") + "' has it on " + same->device.text(),
                   "give one of the two another name"};
    } else {
      volume.mount_point = same->mount_point;  // as its owner has it by now
    }
  }
  const auto parsed = parse_volumes(all, paths.etc("volumes"));
  if (parsed) return Ok{};
  return Error{Code::refused, "the old volumes do not go together with those of Latchkey",
               parsed.error().what, parsed.error().hint};
}

// A volume that cannot be read now is taken over all the same: its disk may be back
// at the next boot.
void LegacyImport::look_at(Volume& volume) {
  const auto there = find_lv(volume.device);
  if (!there) return warn(there.error());
  if (!*there)
    return warn(
        {Code::missing, "'" + volume.name + "' is not there",
         "there is no logical volume " + volume.device.text(),
         "its line is written all the same; take it out of /etc/latchkey/volumes when it is "
         "gone for good"});
  const WokenLv woken(volume.device);
  const auto view = HeaderView::open(
      {.device = volume.device.path(), .header = {}, .name = volume.name, .uuid = {}});
  if (!view) return warn(view.error());
  volume.uuid = view->luks().header().uuid;
  volume.cipher = option_cipher(view->luks().header().cipher);
}

// It may be mounted now, by who asked nothing of the way there.
void LegacyImport::judge_mount_point(const Volume& volume) {
  EarlyInputs only;
  only.volumes = {volume};
  for (const Finding& finding : check_mount_points(globals_.paths, only))
    if (finding.level == Finding::Level::error)
      warn({finding.text.code, "no boot is going to mount '" + volume.name + "'",
            sentence(finding.text), finding.text.hint});
}

Result<> LegacyImport::look() {
  for (const Volume& volume : layout_.volumes) judge_mount_point(volume);
  const auto keys = find_keys(layout_.groups);
  if (!keys) return keys.error();
  keys_ = *keys;
  if (configured_ && !(*configured_ == keys_)) return another_keys_volume();
  {
    const WokenLv woken(keys_);
    const auto view = HeaderView::open(
        place_of(KeysVolume{.device = keys_, .uuid = work_.value("uuid")}));
    if (!view) return view.error();
    work_.values["uuid"] = view->luks().header().uuid;
  }
  for (Volume& volume : layout_.volumes) look_at(volume);
  for (const std::string& unit : layout_.units) {
    if (auto can = can_hold(globals_.paths, unit); !can) {
      warn(can.error());
      continue;
    }
    const auto shown = show_units({unit});
    const bool known = shown && valid_unit_name((*shown)[0].id);
    const std::string name = known ? (*shown)[0].id : unit;
    if (is_way_in(name)) {
      warn(way_in_error(name));
      continue;
    }
    units_.push_back({name});
    if (known && (*shown)[0].load == "masked")
      warn({Code::refused, "'" + units_.back().name + "' will not start", "it is masked",
            "run: systemctl unmask " + shell_word(units_.back().name)});
  }
  return Ok{};
}

Setup LegacyImport::setup() const {
  Setup setup;
  setup.config.keys.device = keys_;
  setup.config.keys.uuid = work_.value("uuid");
  setup.volumes = layout_.volumes;
  return setup;
}

Result<> LegacyImport::prove(Asker& asker) {
  if (!work_.value("proved").empty()) return Ok{};
  const std::string later = "; see later: latchkey check --with-keys";
  const KeysVolume usual;
  // Somebody has it open: what they do there goes on.
  if (find_mapping(usual.mapping)) {
    say(globals_, "the keys volume is open now, so the keys are not tried" + later);
    return Ok{};
  }
  const Setup all = setup();
  auto session = KeysSession::open(globals_, all, asker, KeysAccess::read);
  if (!session && session.error().code == Code::denied) return session.error();
  if (!session && session.error().code == Code::usage) {
    say(globals_, "no passphrase was given, so the keys are not tried" + later);
    return Ok{};
  }
  if (!session) {
    warn(session.error());
    return Ok{};
  }
  say(globals_, "trying the key of every volume");
  bool all_open = true;
  for (const Finding& finding : check_keys(all, session->keys())) {
    if (finding.level != Finding::Level::error) {
      say(globals_, finding.text.what);
      continue;
    }
    warn(finding.text);
    all_open = false;
  }
  if (auto closed = session->close(); !closed) return closed;
  // An interrupted run that goes on says again what is wrong.
  if (all_open) work_.values["proved"] = "yes";
  return Ok{};
}

}  // namespace latchkey
