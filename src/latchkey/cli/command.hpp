// SPDX-License-Identifier: GPL-3.0-or-later
// The one table of commands. It feeds dispatch, --help and the tests that
// compare the man page and the completion with it.
#pragma once

#include <string>
#include <vector>

#include "latchkey/cli/program.hpp"

namespace latchkey {

struct Command {
  const char* name;
  const char* summary;
  const char* example;  ///< shown at the end of its --help; may be empty
  /// Declares the options on `app` and gives what runs it. `globals` outlives it.
  Run (*declare)(CLI::App& app, const Globals& globals);
  bool internal = false;  ///< for hooks and units: not shown to people
  bool admin = false;     ///< begins with begin_admin, which tells what is unfinished
};

/// All commands, in the order in which --help shows them.
[[nodiscard]] const std::vector<Command>& commands();

// One per file cmd_NAME.cpp, together with what only scripts of the package call.
Run declare_init(CLI::App& app, const Globals& globals);
Run declare_import_legacy(CLI::App& app, const Globals& globals);
Run declare_create_volume(CLI::App& app, const Globals& globals);
Run declare_adopt(CLI::App& app, const Globals& globals);
Run declare_resize_volume(CLI::App& app, const Globals& globals);
Run declare_remove_volume(CLI::App& app, const Globals& globals);
Run declare_change_passphrase(CLI::App& app, const Globals& globals);
Run declare_add_passphrase(CLI::App& app, const Globals& globals);
Run declare_remove_passphrase(CLI::App& app, const Globals& globals);
Run declare_rekey(CLI::App& app, const Globals& globals);
Run declare_rotate_key(CLI::App& app, const Globals& globals);
Run declare_recovery_key(CLI::App& app, const Globals& globals);
Run declare_mount_keys(CLI::App& app, const Globals& globals);
Run declare_umount_keys(CLI::App& app, const Globals& globals);
Run declare_backup(CLI::App& app, const Globals& globals);
Run declare_restore(CLI::App& app, const Globals& globals);
Run declare_status(CLI::App& app, const Globals& globals);
Run declare_log(CLI::App& app, const Globals& globals);
Run declare_plan(CLI::App& app, const Globals& globals);
Run declare_check(CLI::App& app, const Globals& globals);
Run declare_unlock(CLI::App& app, const Globals& globals);
Run declare_lock(CLI::App& app, const Globals& globals);
Run declare_hold(CLI::App& app, const Globals& globals);
Run declare_unhold(CLI::App& app, const Globals& globals);
Run declare_release(CLI::App& app, const Globals& globals);
Run declare_hold_scripts(CLI::App& app, const Globals& globals);
Run declare_mark_running(CLI::App& app, const Globals& globals);
Run declare_unguard(CLI::App& app, const Globals& globals);
Run declare_hooks(CLI::App& app, const Globals& globals);
Run declare_image(CLI::App& app, const Globals& globals);

}  // namespace latchkey
