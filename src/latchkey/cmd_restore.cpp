// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey restore: puts back what is lost, and nothing else.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "core/text.hpp"
#include "latchkey/admin.hpp"
#include "latchkey/restorer.hpp"
#include "latchkey/terminal.hpp"
#include "sys/unfinished.hpp"
#include "sys/unlock.hpp"

namespace latchkey {
namespace {

struct Options {
  std::string file;
  std::vector<std::string> overwrite;
  std::string halt;
};

// The mappings that a killed unlock may have left, from the backup: the machine's own
// configuration may be what is lost.
Setup setup_of(const BackupManifest& manifest) {
  Setup setup;
  setup.config.keys.device = *parse_device_ref(manifest.keys().device);
  setup.config.keys.mapping = manifest.keys().mapping;
  for (const BackupPart& part : manifest.parts)
    if (part.kind == BackupPart::Kind::header)
      setup.volumes.push_back({.name = part.name,
                               .device = *parse_device_ref(part.device),
                               .mapping = part.mapping});
  return setup;
}

Result<> names_are_known(const BackupManifest& manifest, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (std::ranges::none_of(manifest.parts, [&](const BackupPart& part) {
          return part.kind != BackupPart::Kind::file && part.name == name;
        }))
      return Error{Code::usage, "the backup holds no '" + printable(name) + "'", "", ""};
  return Ok{};
}

Result<Unfinished> work_for(const Globals& globals, const Options& options) {
  std::string finish = "latchkey restore " + options.file;
  for (const std::string& name : options.overwrite) finish += " --overwrite " + name;
  const auto before = load_unfinished(globals.paths, "restore");
  if (!before) return before.error();
  Unfinished work{.command = "restore", .name = "restore", .finish = finish};
  // What an earlier run with the same backup had begun to write is known by this;
  // all else is looked at again.
  if (*before && (*before)->value("file") == options.file) work.values = (*before)->values;
  work.values["file"] = options.file;
  return work;
}

int restore(const Globals& globals, const Options& options, std::optional<int> descriptor) {
  const auto alone = begin_admin(globals, "restore", "restore");
  if (!alone) return report_error(alone.error());
  const auto backup = BackupReader::open(options.file);
  if (!backup) return report_error(backup.error());
  if (auto known = names_are_known(backup->manifest(), options.overwrite); !known)
    return report_error(known.error());
  auto work = work_for(globals, options);
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
  Restorer restorer(globals, *backup, proved, options.overwrite, *work);
  if (auto done = carry_out(globals, *work, restorer.steps(), options.halt); !done)
    return report_error(done.error());
  if (options.halt == "list") return 0;
  if (setup.config.keys.device.kind == DeviceRef::Kind::lv)
    (void)deactivate_lv(setup.config.keys.device);
  if (restorer.problem()) {
    say(globals, "the rest is as the backup has it");
    return exit_status(Code::partial);
  }
  say(globals, restorer.changed()
                   ? "restored; now run: latchkey check, then release-services"
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
  const auto descriptor = declare_passphrase_fd(app);
  declare_halt(app, halt);
  return [options, descriptor, halt, &globals] {
    options->halt = *halt;
    return restore(globals, *options, *descriptor);
  };
}

}  // namespace latchkey
