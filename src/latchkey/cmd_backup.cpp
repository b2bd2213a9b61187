// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey backup: all that the data cannot be opened without, in one file that was
// proved before anybody is told that it is good.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <climits>
#include <filesystem>
#include <memory>
#include <vector>

#include "core/base/message.hpp"
#include "core/base/size.hpp"
#include "core/base/text.hpp"
#include "core/mount/fstab_line.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/keys/backup_proof.hpp"
#include "sys/config/state.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/keys/unlock_turn.hpp"
#include "sys/luks/header_copy.hpp"
#include "sys/luks/luks.hpp"
#include "sys/luks/random_key.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/device_owner.hpp"
#include "sys/storage/lvm_admin.hpp"

namespace latchkey {
namespace {

struct Options {
  std::string file;
  bool verify = false;
};

// What the keys volume says while it is open for a moment.
struct Inside {
  Secret passphrase{};
  Secret seal{};
  std::vector<const Volume*> good{};  // their keys open their headers
  bool complete = true;
};

// A volume that is of no use is told and left out: the others must not go without a
// backup for it.
Result<> try_volume(const OpenKeys& keys, const Setup& setup, const Volume& volume) {
  if (volume.device.kind == DeviceRef::Kind::lv && !block_device(volume.device.path()))
    (void)activate_lvs({volume.device.text()});
  const auto key = keys.read(volume.key_file);
  if (!key) return key.error();
  const auto header = LuksDevice::open(place_of(volume, setup.config.boot));
  if (!header) return header.error();
  const auto opened = header->try_key(*key);
  return opened ? Result<>(Ok{}) : Result<>(opened.error());
}

Result<Inside> look_inside(const Globals& globals, const Setup& setup, Secret passphrase) {
  const auto tell = [&](const std::string& text) { say(globals, text); };
  Inside inside;
  auto keys = OpenKeys::open(setup.config.keys, passphrase, KeysAccess::read, tell);
  if (!keys) return keys.error();
  auto seal = keys->read(backup_key_file);
  if (!seal && seal.error().code == Code::missing) {
    if (auto closed = keys->close(); !closed) return closed.error();
    keys = OpenKeys::open(setup.config.keys, passphrase, KeysAccess::write, tell);
    if (!keys) return keys.error();
    seal = draw_random(32, "cannot make a key for backups");
    if (!seal) return seal.error();
    if (auto written = keys->write(backup_key_file, *seal); !written) return written.error();
  }
  if (!seal) return seal.error();
  for (const Volume& volume : setup.volumes) {
    auto fine = try_volume(*keys, setup, volume);
    // That says nothing of the volume: it may work a minute later.
    if (!fine && fine.error().code == Code::memory) return fine.error();
    if (!fine) {
      Error error = fine.error();
      error.what = "the backup is without '" + volume.name + "': " + error.what;
      report_warning(error);
      inside.complete = false;
    } else {
      inside.good.push_back(&volume);
    }
  }
  // What was written must be in the bytes that are copied next.
  if (auto closed = keys->close(); !closed) return closed.error();
  inside.seal = std::move(*seal);
  inside.passphrase = std::move(passphrase);
  return inside;
}

Result<> add_parts(const Globals& globals, const Setup& setup, const Inside& inside,
                   BackupWriter& writer) {
  const KeysVolume& keys = setup.config.keys;
  const auto header = read_luks_header({keys.device.path(), "", "keys", keys.uuid});
  if (!header) return header.error();
  BackupPart part{.kind = BackupPart::Kind::keys, .name = "keys", .device = keys.device.text()};
  part.uuid = header->uuid;
  part.type = header->type;
  part.mapping = keys.mapping;
  if (keys.device.kind == DeviceRef::Kind::lv) {
    const auto mirrors = mirrors_of(keys.device);
    if (!mirrors) return mirrors.error();
    part.mirrors = *mirrors;
  }
  if (auto added = writer.add_from(part, keys.device.path()); !added) return added;

  auto folder = HeaderFolder::make(globals.paths);
  if (!folder) return folder.error();
  for (const Volume* volume : inside.good) {
    const std::string file = folder->fresh();
    const auto saved = save_header(place_of(*volume), file);
    if (!saved) return saved.error();
    BackupPart one{.kind = BackupPart::Kind::header,
                   .name = volume->name,
                   .device = volume->device.text(),
                   .header = volume->header};
    one.uuid = saved->uuid;
    one.type = saved->type;
    one.key_file = volume->key_file;
    one.mapping = volume->mapping;
    one.mount_point = volume->mount_point;
    // What a device without its header can be known by.
    one.device_size = device_size(volume->device.path());
    if (auto added = writer.add_from(one, file); !added) return added;
  }
  for (const std::string& name : backup_file_names()) {
    const auto text = read_file(globals.paths.etc(name));
    if (!text && text.error().code == Code::missing) continue;
    if (!text) return text.error();
    if (auto added = writer.add_text({.kind = BackupPart::Kind::file, .name = name}, *text); !added)
      return added;
  }
  return Ok{};
}

BackupManifest about_this_machine() {
  BackupManifest manifest;
  manifest.date = now_text();
  std::array<char, HOST_NAME_MAX + 1> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0) manifest.host = host.data();
  if (const auto id = read_file("/etc/machine-id")) manifest.machine_id = trim(*id);
  return manifest;
}

void warn_of_own_volume(const Setup& setup, const std::string& file) {
  std::error_code error;
  const std::filesystem::path folder =
      std::filesystem::canonical(std::filesystem::absolute(file, error).parent_path(), error);
  if (error) return;
  for (const Volume& volume : setup.volumes)
    if (volume.mount_point != "/" && lies_on(folder.string(), volume.mount_point))
      report_warning({Code::partial, "the backup lies on the volume '" + volume.name + "'",
                      "it is lost with what it saves", "copy it to another machine"});
}

int good(const Globals& globals, const BackupReader& backup) {
  std::size_t headers = 0;
  for (const BackupPart& part : backup.manifest().parts)
    if (part.kind == BackupPart::Kind::header) ++headers;
  say(globals,
      "the backup is good: the passphrase opens the keys volume in it, and its keys open " +
          std::to_string(headers) + (headers == 1 ? " header" : " headers"));
  return 0;
}

int verify(const Globals& globals, const Options& options, std::optional<int> descriptor) {
  const auto turn = begin_admin(globals, "backup");
  if (!turn) return report_error(turn.error());
  const auto backup = BackupReader::open(options.file);
  if (!backup) return report_error(backup.error());
  Asker asker(descriptor);
  if (const auto proved = prove_backup(globals, *backup, asker); !proved)
    return report_error(proved.error());
  return good(globals, *backup);
}

Result<> is_free(const std::string& file) {
  if (::access(file.c_str(), F_OK) != 0) return Ok{};
  return Error{Code::refused, "will not write the backup '" + printable(file) + "'",
               "it is there already", "choose another name"};
}

int make(const Globals& globals, const Options& options, std::optional<int> descriptor) {
  const auto alone = begin_admin(globals, "backup");
  if (!alone) return report_error(alone.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  // Begun and dropped again: a passphrase is not asked for what there is no place for.
  if (auto place = BackupWriter::begin(options.file, Secret()); !place)
    return report_error(place.error());
  warn_of_own_volume(*setup, options.file);
  std::optional<Inside> inside;
  Asker asker(descriptor);
  // Held until the end: nobody opens the keys volume while it is copied.
  std::optional<LockFile> turn;
  std::unique_ptr<WokenLv> woken;
  // Not while a person thinks: after a wrong one they are asked again.
  asker.let_go_while_asking({.let_go =
                                 [&] {
                                   woken.reset();
                                   turn.reset();
                                 },
                             .take_again = [] { return Result<>(Ok{}); }});
  const auto opened =
      with_passphrase(globals, asker, passphrase_prompt, [&](Secret passphrase) -> Result<> {
        if (!turn) {
          auto taken = take_unlock_turn(*setup, globals.paths, std::chrono::seconds(60));
          if (!taken) return taken.error();
          turn = std::move(*taken);
          // A person may have thought for long.
          if (auto free = is_free(options.file); !free) return free;
          woken = std::make_unique<WokenLv>(setup->config.keys.device);
        }
        if (auto there = keys_device_is_there(setup->config.keys.device); !there) return there;
        auto found = look_inside(globals, *setup, std::move(passphrase));
        if (!found) return found.error();
        inside = std::move(*found);
        return Ok{};
      });
  if (!opened) return report_error(opened.error());
  auto writer = BackupWriter::begin(options.file, inside->seal);
  if (!writer) return report_error(writer.error());
  if (auto added = add_parts(globals, *setup, *inside, *writer); !added)
    return report_error(added.error());
  if (auto done = writer->finish(about_this_machine()); !done) return report_error(done.error());
  say(globals, "written " + size_text(writer->size()) + "; reading it back");
  const auto backup = BackupReader::open(writer->temporary());
  if (!backup) return report_error(backup.error());
  if (const auto proved = prove_backup(globals, *backup, std::move(inside->passphrase)); !proved)
    return report_error(proved.error());
  if (auto kept = writer->keep(); !kept) return report_error(kept.error());
  // For one that lacks a volume, `status` goes on asking.
  if (inside->complete)
    if (auto noted = note_backup(globals.paths, options.file); !noted)
      report_warning(noted.error());
  (void)good(globals, *backup);
  return inside->complete ? 0 : exit_status(Code::partial);
}

}  // namespace

Run declare_backup(CLI::App& app, const Globals& globals) {
  const auto options = std::make_shared<Options>();
  app.add_option("file", options->file, "the backup")->required()->type_name("FILE");
  app.add_flag("--verify", options->verify, "prove that a backup is good, and write nothing");
  const auto descriptor = declare_passphrase_fd(app);
  return [options, descriptor, &globals] {
    return options->verify ? verify(globals, *options, *descriptor)
                           : make(globals, *options, *descriptor);
  };
}

}  // namespace latchkey
