// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey: the companion on the running system. Also installed under the name
// release-services, which is a command of its own.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "latchkey/cli/command.hpp"
#include "latchkey/cli/steps.hpp"
#include "sys/base/stdio.hpp"

namespace latchkey {

const std::vector<Command>& commands() {
  static const std::vector<Command> table{
      {.name = "init",
       .summary = "make the keys volume and all that early boot needs: the first command",
       .example = "latchkey init vg0",
       .declare = declare_init,
       .admin = true},
      {"import-legacy", "take over what an older set of shell scripts kept",
       "latchkey import-legacy /root/encrypted-volumes", declare_import_legacy, false, true},
      {"create-volume", "make an encrypted volume with a file system, and mount it",
       "latchkey create-volume vg0 www 10G /srv/www ext4", declare_create_volume, false, true},
      {"adopt", "take in a LUKS volume that was made elsewhere",
       "latchkey adopt vg0 mail /srv/mail ext4", declare_adopt, false, true},
      {"resize-volume", "make a volume larger while it is in use", "latchkey resize-volume www +5G",
       declare_resize_volume, false, true},
      {"remove-volume", "forget a volume, or destroy it", "latchkey remove-volume www --wipe",
       declare_remove_volume, false, true},
      {"backup", "save all that the data cannot be opened without, in one proved file",
       "latchkey backup /media/stick/server.backup", declare_backup, false, true},
      {"restore", "put back what is lost, and nothing else, from a backup",
       "latchkey restore /media/stick/server.backup", declare_restore, false, true},
      {"status", "show what is open, mounted and running", "latchkey status --json",
       declare_status},
      {"log", "show the last boots: who unlocked, when, and what came of it", "latchkey log -n 3",
       declare_log},
      {"plan", "show what a release would do, and do nothing", "latchkey plan", declare_plan},
      {"check", "look for everything that would lock you out at the next boot",
       "latchkey check --verbose", declare_check},
      {"unlock", "open every volume that is not open", "latchkey unlock < passphrase-file",
       declare_unlock},
      {"lock", "stop the services, unmount and close the volumes", "latchkey lock", declare_lock},
      {"hold", "keep a unit from starting until its volumes are mounted", "latchkey hold nginx",
       declare_hold, false, true},
      {"unhold", "let a unit start as it did before it was held", "latchkey unhold nginx",
       declare_unhold, false, true},
      {"release-services", "unlock if needed, check, mount, and start the held services",
       "release-services", declare_release},
      {"change-passphrase", "set a new passphrase of the keys volume in the place of one",
       "latchkey change-passphrase", declare_change_passphrase, false, true},
      {"add-passphrase", "let one more passphrase open the keys volume",
       "latchkey add-passphrase alice", declare_add_passphrase, false, true},
      {"remove-passphrase", "remove a passphrase of the keys volume, or list them",
       "latchkey remove-passphrase alice", declare_remove_passphrase, false, true},
      {"rotate-key", "give a volume a new key", "latchkey rotate-key www", declare_rotate_key,
       false, true},
      {"rekey", "make a new keys volume, and give every volume a new key", "latchkey rekey",
       declare_rekey, false, true},
      {"recovery-key", "print a key for the day on which everything else is lost",
       "latchkey recovery-key keys", declare_recovery_key, false, true},
      {"mount-keys", "open the keys volume for an inspection, for a while",
       "latchkey mount-keys --for 10min", declare_mount_keys, false, true},
      {"umount-keys", "close it again", "latchkey umount-keys", declare_umount_keys, false, true},
      {"hold-scripts", "for the package's installation: init scripts held as they were", "",
       declare_hold_scripts, true},
      {"mark-running", "for the package's installation: what runs may be restarted", "",
       declare_mark_running, true},
      {"unguard", "for the package's removal: mount points and links as they were", "",
       declare_unguard, true},
      {"hooks", "for latchkey-hooks@.service: tell the owner's hooks what happened", "",
       declare_hooks, true},
      {"image", "for the initramfs hook: stage and judge an image", "", declare_image, true},
  };
  return table;
}

namespace {

// The program that is this one under another name: what to put before its arguments.
std::vector<std::string> words_of(int argc, char** argv) {
  std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  std::string_view name = argc > 0 ? argv[0] : "latchkey";
  name.remove_prefix(name.rfind('/') == std::string_view::npos ? 0 : name.rfind('/') + 1);
  if (name == "release-services") words.insert(words.begin(), std::string(name));
  return words;
}

// The error for a first word that is no command; with the nearest one.
std::optional<Error> unknown_command(const std::vector<std::string>& words) {
  auto word = words.begin();
  while (word != words.end() && word->starts_with('-'))
    word += *word == "--root" && word + 1 != words.end() ? 2 : 1;
  if (word == words.end()) return {};
  std::vector<std::string> names;
  for (const Command& command : commands()) {
    if (*word == command.name) return {};
    if (!command.internal) names.emplace_back(command.name);
  }
  const auto near = nearest(*word, names);
  return Error{Code::usage, "there is no command '" + printable(*word) + "'", "",
               near ? "did you mean '" + *near + "'?" : "see 'latchkey --help'"};
}

struct Declared {
  CLI::App* app;
  Run run;
  bool silent;  // does not report unfinished work: it does so itself, or nobody reads its output
};

int run_command_line(int argc, char** argv) {
  Globals globals;
  CLI::App app{"Unlocks the encrypted volumes of a server with one passphrase over early ssh.",
               "latchkey"};
  app.set_version_flag("--version", std::string("latchkey ") + LATCHKEY_VERSION);
  app.add_flag("-q,--quiet", globals.quiet, "results and errors only");
  app.add_flag("-v,--verbose", globals.verbose, "also what is normally not worth a line");
  declare_root(app, globals);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer("Manual: latchkey(8). Every command exits with 0 only when all that was asked is so.");

  std::vector<Declared> declared;
  for (const Command& command : commands()) {
    CLI::App* sub = app.add_subcommand(command.name, command.summary);
    if (command.internal) sub->group("");
    if (*command.example != '\0') sub->footer(std::string("Example: ") + command.example);
    declared.push_back({sub, command.declare(*sub, globals), command.internal || command.admin});
  }
  const std::vector<std::string> words = words_of(argc, argv);
  if (const auto error = unknown_command(words)) {
    std::fputs(error_text("latchkey", *error).c_str(), stderr);
    return exit_status(Code::usage);
  }
  if (const auto ended = parse_words(app, words)) return *ended;
  for (const Declared& command : declared) {
    if (!command.app->parsed()) continue;
    if (!command.silent) tell_unfinished(globals);
    return command.run();
  }
  return exit_status(Code::usage);
}

}  // namespace
}  // namespace latchkey

int main(int argc, char** argv) {
  latchkey::open_missing_stdio();
  return latchkey::run_main("latchkey", [&] { return latchkey::run_command_line(argc, argv); });
}
