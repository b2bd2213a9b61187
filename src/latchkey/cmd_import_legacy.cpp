// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey import-legacy`: moves a machine over from the shell scripts that came
// before. No volume is changed.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "core/base/shell_word.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/setup/first_setup.hpp"
#include "latchkey/setup/init_keys.hpp"
#include "latchkey/setup/legacy_import.hpp"
#include "sys/config/unfinished.hpp"

namespace latchkey {
namespace {

constexpr const char* work_name = "import";

struct Options {
  std::string directory{};
  std::string authorized_keys{};
  bool give_up = false;
  std::shared_ptr<std::optional<int>> descriptor{};
  std::shared_ptr<std::string> halt = std::make_shared<std::string>();
};

// What goes on with an interrupted run. The directory may be gone.
std::string command_of(const std::string& directory) {
  std::error_code failed;
  const auto real = std::filesystem::canonical(directory, failed);
  return "latchkey import-legacy " + shell_word(failed ? directory : real.string());
}

Result<Unfinished> find_work(const Globals& globals, const std::string& directory) {
  Unfinished work;
  work.command = "import-legacy";
  work.name = work_name;
  work.finish = command_of(directory);
  work.undo = work.finish + " --give-up";
  for (const std::string name : {work_name, "keys"}) {
    const auto begun = load_unfinished(globals.paths, name);
    if (!begun) return begun.error();
    if (!*begun) continue;
    if ((*begun)->command == work.command && (*begun)->finish == work.finish) return **begun;
    Error error = describe_unfinished(**begun);
    error.code = Code::refused;
    return error;
  }
  return work;
}

// Everything that can be refused or asked is, before anything is written.
Result<> prepare(const Globals& globals, const Options& options, LegacyImport& legacy,
                 Unfinished& work) {
  if (auto done = legacy.read(options.directory); !done) return done;
  if (auto done = legacy.fits(); !done) return done;
  WhoMayUnlock who(globals, options.authorized_keys, work.value("authorized_keys"));
  if (auto done = who.find(); !done) return done;
  if (auto there = can_build_images(globals.paths); !there) return there;
  if (auto done = legacy.look(); !done) return done;
  if (auto done = who.ask(); !done) return done;
  work.values["authorized_keys"] = who.text();
  Asker asker(*options.descriptor);
  return legacy.prove(asker);
}

int import_legacy(const Globals& globals, const Options& options) {
  Unfinished work;
  LegacyImport legacy(globals, work);
  if (*options.halt == "list") {
    (void)carry_out(globals, work, legacy.steps(), *options.halt);
    return 0;
  }
  const auto alone = begin_admin(globals, "import-legacy", work_name);
  if (!alone) return report_error(alone.error());
  if (options.give_up)
    return give_up(globals, work_name, "import-legacy", command_of(options.directory),
                   [&](const Unfinished&) {
                     return "what it wrote into '" + globals.paths.etc() +
                            "' stays, and so do its holds: latchkey status; latchkey unhold UNIT";
                   });
  auto found = find_work(globals, options.directory);
  if (!found) return report_error(found.error());
  work = std::move(*found);
  if (auto ready = prepare(globals, options, legacy, work); !ready)
    return report_error(ready.error());
  if (const int status = carry_out_and_tell(globals, work, legacy.steps(), *options.halt);
      status != 0)
    return status;
  legacy.report();
  const bool open = tell_the_way_in(globals, "");
  return open && legacy.complete() ? 0 : exit_status(Code::partial);
}

}  // namespace

Run declare_import_legacy(CLI::App& app, const Globals& globals) {
  const auto options = std::make_shared<Options>();
  app.add_option("directory", options->directory, "the one with conf/ac-fstab and conf/services")
      ->required()
      ->type_name("DIR");
  app.add_option("--authorized-keys", options->authorized_keys,
                 "the public ssh keys of those who may unlock; on a terminal your own are offered")
      ->type_name("FILE");
  options->descriptor = declare_passphrase_fd(app);
  app.add_flag("--give-up", options->give_up, "forget an interrupted import of this directory");
  declare_halt(app, options->halt);
  return [options, &globals] { return import_legacy(globals, *options); };
}

}  // namespace latchkey
