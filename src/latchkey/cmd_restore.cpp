// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey restore: puts back what is lost, and nothing else.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/keys/restorer.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/keys/unlock_turn.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/lvm.hpp"

namespace latchkey {
namespace {

// What its unfinished work is called: `'restore' of 'backup' is not finished`.
constexpr const char* work_name = "backup";

struct Options {
  std::string file;
  std::vector<std::string> overwrite;
  std::vector<std::string> devices;
  std::string halt;
};

// The mappings that a killed unlock may have left, from the backup: the machine's own
// configuration may be what is lost.
Setup setup_of(const BackupManifest& manifest) {
  Setup setup;
  setup.config.keys.device = device_of(manifest.keys());
  setup.config.keys.mapping = manifest.keys().mapping;
  for (const BackupPart& part : manifest.parts)
    if (part.kind == BackupPart::Kind::header)
      setup.volumes.push_back(
          {.name = part.name, .device = device_of(part), .mapping = part.mapping});
  return setup;
}

struct Rest {
  const Setup& setup;
  ~Rest() {
    if (auto rested = rest_keys_volume(setup); !rested) report_warning(rested.error());
  }
};

std::string names_in_backup(const BackupManifest& manifest) {
  std::vector<std::string> names;
  for (const BackupPart& part : manifest.parts)
    if (part.kind != BackupPart::Kind::file) names.push_back(part.name);
  return join(names, ", ");
}

// The keys volume, or a volume's header; null for what the backup does not hold.
const BackupPart* find_part(const BackupManifest& manifest, const std::string& name) {
  const auto found = std::ranges::find_if(manifest.parts, [&](const BackupPart& part) {
    return part.kind != BackupPart::Kind::file && part.name == name;
  });
  return found == manifest.parts.end() ? nullptr : &*found;
}

Result<> names_are_known(const BackupManifest& manifest, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (find_part(manifest, name) == nullptr)
      return Error{Code::usage, "the backup holds no '" + printable(name) + "'",
                   "it holds: " + names_in_backup(manifest), "name one of these"};
  return Ok{};
}

// One NAME=DEVICE, judged against the backup and by what is there. The device is awake then.
Result<> add_device(const BackupManifest& manifest, const std::string& text,
                    std::map<std::string, DeviceRef>& devices) {
  const std::string what = "cannot take --device " + printable(text);
  const std::size_t sign = text.find('=');
  const std::string name = text.substr(0, sign);
  if (sign == std::string::npos || name.empty())
    return Error{Code::usage, what, "it is not written NAME=DEVICE",
                 "for instance --device www=/dev/sdb1, or keys=/dev/sdb2 for the keys volume"};
  if (auto known = names_are_known(manifest, {name}); !known) return known;
  const auto device = parse_device_ref(std::string_view(text).substr(sign + 1));
  if (!device)
    return Error{Code::usage, what, device.error().what + ": " + device.error().why,
                 device.error().hint};
  const BackupPart* const part = find_part(manifest, name);
  if (!part->header.empty())
    return Error{
        Code::usage, what,
        "the header of '" + name + "' is kept in '" + part->header + "' and not on its device",
        "run the restore without --device for it"};
  if (device->kind == DeviceRef::Kind::lv) (void)activate_lvs({device->text()});
  const auto number = block_device(device->path());
  if (!number)
    return Error{Code::missing, what, "there is no device " + device->text(),
                 "which devices there are: lsblk -f, lvm lvs"};
  for (const auto& one : devices)
    if (one.first == name || block_device(one.second.path()) == number)
      return Error{Code::usage, what,
                   one.first == name ? "'" + name + "' was given a device already"
                                     : "'" + one.first + "' was given that device already",
                   "give each volume one device of its own"};
  devices.emplace(name, *device);
  return Ok{};
}

Result<RestoreWishes> wishes_of(const BackupManifest& manifest, const Options& options) {
  if (auto known = names_are_known(manifest, options.overwrite); !known) return known.error();
  RestoreWishes wishes{.overwrite = options.overwrite};
  for (const std::string& text : options.devices)
    if (auto added = add_device(manifest, text, wishes.devices); !added) return added.error();
  return wishes;
}

Result<Unfinished> work_for(const Globals& globals, const Options& options,
                            const BackupReader& backup) {
  std::error_code failed;
  const auto whole = std::filesystem::absolute(options.file, failed);  // typed anywhere else
  std::string finish = "latchkey restore " + shell_word(failed ? options.file : whole.string());
  for (const std::string& name : options.overwrite) finish += " --overwrite " + shell_word(name);
  for (const std::string& text : options.devices) finish += " --device " + shell_word(text);
  const auto before = load_unfinished(globals.paths, work_name);
  if (!before) return before.error();
  if (*before && (*before)->command != "restore") {
    Error error = describe_unfinished(**before);
    error.code = Code::refused;
    return error;
  }
  Unfinished work{.command = "restore", .name = work_name, .finish = finish};
  // What an earlier run with the same backup had begun to write is known by this;
  // all else is looked at again. A path may lead to another backup by now.
  if (*before && (*before)->value("backup") == backup.digest()) work.values = (*before)->values;
  // Of whichever backup: the images do not know of them yet.
  if (*before && wrote_anything(**before)) work.values["files"] = "yes";
  work.values["backup"] = backup.digest();
  return work;
}

int restore(const Globals& globals, const Options& options, std::optional<int> descriptor) {
  const auto alone = begin_admin(globals, "restore", work_name);
  if (!alone) return report_error(alone.error());
  const auto backup = BackupReader::open(options.file);
  if (!backup) return report_error(backup.error());
  const auto wishes = wishes_of(backup->manifest(), options);
  if (!wishes) return report_error(wishes.error());
  auto work = work_for(globals, options, *backup);
  if (!work) return report_error(work.error());
  ProvedBackup proved;
  if (options.halt != "list") {
    Asker asker(descriptor);
    auto proof = prove_backup(globals, *backup, asker);
    if (!proof) return report_error(proof.error());
    proved = std::move(*proof);
  }
  const Setup setup = setup_of(backup->manifest());
  const auto turn = take_unlock_turn(setup, globals.paths, std::chrono::seconds(60));
  if (!turn) return report_error(turn.error());
  // Whatever happens: nobody needs the keys volume until the next unlock.
  const Rest rest{setup};
  // Here and not by whoever writes below it first: services read the configuration.
  if (auto made = make_directories(globals.paths.etc(), 0755); !made)
    return report_error(made.error());
  Restorer restorer(globals, *backup, proved, *wishes, *work);
  if (const int status = carry_out_and_tell(globals, *work, restorer.steps(), options.halt);
      status != 0)
    return status;
  if (options.halt == "list") return 0;
  // The backup's network may be that of a machine that is gone.
  if (restorer.changed()) tell_of_network(globals.paths);
  if (restorer.problem()) {
    say(globals, restorer.changed() ? "the rest is restored" : "nothing was written");
    return exit_status(Code::partial);
  }
  say(globals, restorer.changed() ? "restored, and every key in the keys volume opens its header; "
                                    "to go on, run: release-services"
                                  : "nothing was lost; nothing was written");
  return 0;
}

}  // namespace

Run declare_restore(CLI::App& app, const Globals& globals) {
  const auto options = std::make_shared<Options>();
  const auto halt = std::make_shared<std::string>();
  app.add_option("file", options->file, "the backup")->required()->type_name("FILE");
  app.add_option("--overwrite", options->overwrite,
                 "write this volume's header, or keys, over what is there")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--device", options->devices,
                 "where this volume is, when its UUID is lost with its header")
      ->type_name("NAME=DEVICE")
      ->allow_extra_args(false);
  const auto descriptor = declare_passphrase_fd(app);
  declare_halt(app, halt);
  return [options, descriptor, halt, &globals] {
    options->halt = *halt;
    return restore(globals, *options, *descriptor);
  };
}

}  // namespace latchkey
