// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey mount-keys and umount-keys: looking into the keys volume, for a while.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/config/state.hpp"
#include "sys/keys/keeper.hpp"
#include "sys/keys/unlock_turn.hpp"
#include "sys/storage/device.hpp"

namespace latchkey {
namespace {

constexpr std::chrono::hours longest{24};

struct Asked {
  bool writes = false;
  std::string time = "5min";
};

// Takes the turn once the passphrase is there and not before: an unlock is not to wait for
// a person.
Result<OpenKeys> open_keys(const Globals& globals, const Setup& setup, Asker& asker,
                           KeysAccess access, std::optional<LockFile>& turn) {
  const KeysVolume& keys = setup.config.keys;
  std::optional<OpenKeys> open;
  asker.let_go_while_asking(
      {.let_go = [&turn] { turn.reset(); }, .take_again = [] { return Result<>(Ok{}); }});
  const auto opened =
      with_passphrase(globals, asker, passphrase_prompt, [&](const Secret& typed) -> Result<> {
        if (!turn) {
          auto taken = take_unlock_turn(setup, globals.paths, std::chrono::seconds(60));
          if (!taken) return taken.error();
          turn = std::move(*taken);
        }
        // Not a WokenLv: it is to stay awake after this command.
        if (keys.device.kind == DeviceRef::Kind::lv && !block_device(keys.device.path()))
          if (auto awake = activate_lvs({keys.device.text()}); !awake) return awake;
        auto one = OpenKeys::open(keys, typed, access,
                                  [&](const std::string& text) { say(globals, text); });
        if (!one) return one.error();
        open = std::move(*one);
        return Ok{};
      });
  if (!opened) return opened.error();
  return std::move(*open);
}

int mount_keys(const Globals& globals, const Asked& asked, std::optional<int> descriptor) {
  const auto time = parse_duration(asked.time);
  if (!time || time->count() < 1 || *time > longest)
    return report_error({Code::usage, "'" + printable(asked.time) + "' is no time to stay open", "",
                         "write it as 30s, 5min or 2h, up to 24h"});
  auto turn = begin_admin(globals, "mount-keys");
  if (!turn) return report_error(turn.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  std::optional<LockFile> unlock_turn;
  const KeysAccess access = asked.writes ? KeysAccess::write : KeysAccess::read;
  Asker asker(descriptor);
  auto keys = open_keys(globals, *setup, asker, access, unlock_turn);
  if (!keys) {
    unlock_turn.reset();
    (void)rest_keys_volume_unless_used(*setup, globals.paths);
    return report_error(keys.error());
  }
  // Before anything can be changed, and whoever ends the keeper. A backup would end it first.
  if (asked.writes)
    if (auto noted = note_new_key(globals.paths); !noted) report_warning(noted.error());
  const auto keeper = start_keeper(*setup, globals.paths, std::move(*keys), access, *time, [&] {
    const LockFile first = std::move(*turn);
    const LockFile second = std::move(*unlock_turn);
    // It is kept from programs, and so looks like one of our own.
    if (descriptor.value_or(STDIN_FILENO) > STDERR_FILENO) ::close(*descriptor);
  });
  if (!keeper) return report_error(keeper.error());
  print(keys_link(globals.paths) + "/\n");
  say(globals, "the keys volume is open for " + std::string(asked.writes ? "writing" : "reading") +
                   ", for root only, until " + keeper->until +
                   "; to close it before: latchkey umount-keys");
  return 0;
}

int umount_keys(const Globals& globals) {
  const auto turn = begin_admin(globals, "umount-keys");
  if (!turn) return report_error(turn.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  if (auto closed = close_keys_volume(*setup, globals.paths); !closed)
    return report_error(closed.error());
  say(globals, "the keys volume is closed");
  return 0;
}

}  // namespace

Run declare_mount_keys(CLI::App& app, const Globals& globals) {
  const auto asked = std::make_shared<Asked>();
  app.add_flag("--write", asked->writes, "so that its files can be changed");
  app.add_option("--for", asked->time, "when it closes by itself; 5min by default")
      ->type_name("TIME");
  const auto descriptor = declare_passphrase_fd(app);
  return [asked, descriptor, &globals] { return mount_keys(globals, *asked, *descriptor); };
}

Run declare_umount_keys(CLI::App&, const Globals& globals) {
  return [&globals] { return umount_keys(globals); };
}

}  // namespace latchkey
