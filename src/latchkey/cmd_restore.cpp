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

// What its unfinished work is called: `'restore' of 'backup' is not finished`.
constexpr const char* work_name = "backup";

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
      setup.volumes.push_back(
          {.name = part.name, .device = *parse_device_ref(part.device), .mapping = part.mapping});
  return setup;
}

struct Rest {
  const Setup& setup;
  ~Rest() {
    if (auto rested = rest_keys_volume(setup); !rested) report_warning(rested.error());
  }
};

Result<> names_are_known(const BackupManifest& manifest, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (std::ranges::none_of(manifest.parts, [&](const BackupPart& part) {
          return part.kind != BackupPart::Kind::file && part.name == name;
        }))
      return Error{Code::usage, "the backup holds no '" + printable(name) + "'", "", ""};
  return Ok{};
}

Result<Unfinished> work_for(const Globals& globals, const Options& options,
                            const BackupReader& backup) {
  std::string finish = "latchkey restore " + options.file;
  for (const std::string& name : options.overwrite) finish += " --overwrite " + name;
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
  if (auto known = names_are_known(backup->manifest(), options.overwrite); !known)
    return report_error(known.error());
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
  Restorer restorer(globals, *backup, proved, options.overwrite, *work);
  if (auto done = carry_out(globals, *work, restorer.steps(), options.halt); !done)
    return report_error(done.error());
  if (options.halt == "list") return 0;
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
  const auto descriptor = declare_passphrase_fd(app);
  declare_halt(app, halt);
  return [options, descriptor, halt, &globals] {
    options->halt = *halt;
    return restore(globals, *options, *descriptor);
  };
}

}  // namespace latchkey
