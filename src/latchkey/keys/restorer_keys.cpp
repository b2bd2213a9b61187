// SPDX-License-Identifier: GPL-3.0-or-later
// The single key files: the next unlock takes them from the keys volume in use, and what
// a header was proved with is the backup's.
#include <unistd.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "core/keys/restore_config.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/keys/restorer.hpp"
#include "sys/base/fd.hpp"
#include "sys/luks/header_view.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/loop.hpp"
#include "sys/storage/lvm.hpp"

namespace latchkey {

// As they are configured; and those of the backup that are not.
std::vector<Restorer::WantedKey> Restorer::wanted_keys() const {
  std::vector<WantedKey> wanted;
  if (const auto setup = load_setup(globals_.paths))
    for (const Volume& volume : setup->volumes)
      wanted.push_back({volume.name, volume.key_file, place_of(volume, setup->config.boot),
                        volume.device, volume.mapping});
  const auto patience = derivation_patience(globals_.paths);
  for (const BackupPart& part : parts_) {
    if (part.kind != BackupPart::Kind::header ||
        std::ranges::any_of(wanted, [&](const WantedKey& one) { return one.name == part.name; }))
      continue;
    const DeviceRef device = device_of(part);
    const LuksPlace place{.device = device.path(),
                          .header = part.header,
                          .name = part.name,
                          .uuid = part.uuid,
                          .patience = patience};
    wanted.push_back({part.name, part.key_file, place, device, part.mapping});
  }
  return wanted;
}

// The keys volume in use, where the configuration names another one than the backup's.
std::optional<KeysVolume> Restorer::other_keys() const {
  const std::string file = globals_.paths.etc("latchkey.conf");
  const auto text = read_file(file);
  const auto config = text ? parse_config(*text, file) : Result<Config>(text.error());
  if (!config || !is_other_keys_volume(config->keys, keys_part(), backup_.manifest().keys().device))
    return {};
  return config->keys;
}

Result<OpenKeys> Restorer::open_to_read(const std::string& path, const std::string& uuid) const {
  KeysVolume volume;
  volume.device = {.kind = DeviceRef::Kind::path, .value = path};
  volume.mapping = "latchkey-restore-" + std::to_string(::getpid());
  volume.uuid = uuid;
  return OpenKeys::open(volume, proved_.passphrase, KeysAccess::read,
                        [this](const std::string& said) { say(globals_, said); });
}

// The backup's passphrase may be that of this one too.
void Restorer::read_other_keys(const KeysVolume& keys) {
  woken_ = std::make_unique<WokenLv>(keys.device);
  const auto loop = LoopDevice::attach(keys.device.path(), 0, 0);
  auto open = loop ? open_to_read(loop->path(), keys.uuid) : Result<OpenKeys>(loop.error());
  if (!open) return tell(keys_not_known(keys.device.text(), open.error()));
  read_live_keys(*open);
  if (auto closed = open->close(); !closed) tell(closed.error());
}

void Restorer::read_live_keys(const OpenKeys& keys) {
  live_.emplace();
  for (const WantedKey& one : wanted_keys())
    // One that cannot be read is as one that is not there.
    if (auto key = keys.read(one.file)) live_->insert_or_assign(one.name, std::move(*key));
}

const Secret* Restorer::live_key(const std::string& volume) const {
  if (!live_) return nullptr;
  const auto found = live_->find(volume);
  return found == live_->end() ? nullptr : &found->second;
}

const Secret* Restorer::saved_key(const std::string& volume) const {
  const auto found = proved_.keys.find(volume);
  return found == proved_.keys.end() ? nullptr : &found->second;
}

// True when the header gave an answer. Tells why, where it did not.
bool Restorer::judge_key(WantedKey& key) {
  if (key.device.kind == DeviceRef::Kind::lv) (void)activate_lvs({key.device.text()});
  const auto view = HeaderView::open(key.place);
  const auto fact = view ? try_keys(view->luks(), live_key(key.name), saved_key(key.name))
                         : Result<KeyFact>(view.error());
  if (fact) {
    key.fact = *fact;
    return true;
  }
  // Of a header that could not be restored it was told already.
  if (!told_.contains(key.name)) {
    Error error = fact.error();
    error.what = "whether a key opens '" + key.name + "' is not known: " + error.what;
    error.code = Code::partial;
    tell(error);
  }
  return false;
}

Result<> Restorer::put_key_files() {
  // Why the keys volume in use could not be opened was told.
  if (!live_) return Ok{};
  std::vector<WantedKey> wanted = wanted_keys();
  std::erase_if(wanted, [this](WantedKey& key) { return !judge_key(key); });
  std::vector<const WantedKey*> put;
  for (const WantedKey& key : wanted) {
    const auto action = decide_key(key.fact);
    if (action == KeyAction::nothing) continue;
    const auto needs = [&](const WantedKey& other) {
      return other.file == key.file && decide_key(other.fact) == KeyAction::nothing;
    };
    const bool open = find_mapping(key.mapping).has_value();
    if (action == KeyAction::lost) {
      tell(key_error(key.name, key.file, key.fact, open));
    } else if (std::ranges::any_of(wanted, needs)) {
      tell({Code::partial, "the key of '" + key.name + "' is not put back",
            "another volume has the same key file '" + printable(key.file) +
                "', and what is in it opens that one",
            std::string(open ? "do not lock '" + key.name + "'; " : "") +
                "give it a file of its own in /etc/latchkey/volumes (x-latchkey.key=), and run "
                "the restore again"});
    } else if (std::ranges::none_of(
                   put, [&](const WantedKey* other) { return other->file == key.file; })) {
      put.push_back(&key);
    }
  }
  if (put.empty()) return Ok{};
  if (auto noted = note("key-files"); !noted) return noted;
  auto written = write_key_files(put);
  if (!written) tell(written.error());
  return Ok{};
}

Result<> Restorer::write_key_files(const std::vector<const WantedKey*>& wanted) {
  const BackupPart& part = keys_part();
  const KeysVolume saved{.device = device_of(part), .mapping = part.mapping, .uuid = part.uuid};
  const KeysVolume volume = other_keys().value_or(saved);
  const auto say_so = [this](const std::string& text) { say(globals_, text); };
  auto keys = OpenKeys::open(volume, proved_.passphrase, KeysAccess::write, say_so);
  if (!keys) return keys.error();
  for (const WantedKey* one : wanted) {
    const auto kept = put_key_back(keys->directory(), one->file, *saved_key(one->name));
    if (!kept) return kept.error();
    say(globals_,
        "the key of '" + one->name + "' is put back into the keys volume" +
            (kept->empty() ? "" : "; the one that does not fit is kept there as '" + *kept + "'"));
  }
  if (auto closed = keys->close(); !closed) return closed;
  // What counts is what the next unlock reads.
  keys = OpenKeys::open(volume, proved_.passphrase, KeysAccess::read, say_so);
  if (!keys) return keys.error();
  read_live_keys(*keys);
  if (auto closed = keys->close(); !closed) return closed;
  for (const WantedKey* one : wanted) {
    WantedKey again = *one;
    if (judge_key(again) && decide_key(again.fact) != KeyAction::nothing)
      tell(key_error(again.name, again.file, again.fact, find_mapping(again.mapping).has_value()));
  }
  return Ok{};
}

}  // namespace latchkey
