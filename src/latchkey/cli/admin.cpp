// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/cli/admin.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "core/base/message.hpp"
#include "latchkey/cli/steps.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/lasting.hpp"
#include "sys/keys/passphrase.hpp"
#include "sys/keys/unlock_turn.hpp"
#include "sys/luks/luks_copies.hpp"
#include "sys/mount/mount_users.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/lvm_admin.hpp"
#include "sys/units/systemd.hpp"
#include "sys/unlock/ask.hpp"

namespace latchkey {
void tell_of_own_mounts(const Globals& globals) {
  if (!globals.paths.root.empty() || !systemd_runs() || !has_own_mounts()) return;
  report_warning({Code::partial, "this session has mounts of its own",
                  "what is mounted or unmounted here is not so for systemd and its services",
                  "begin the command with: nsenter -t 1 -m"});
}

Result<LockFile> begin_admin(const Globals& globals, const std::string& what,
                             const std::string& name) {
  const Paths& paths = globals.paths;
  if (::geteuid() != 0)
    return Error{Code::refused, "cannot run '" + what + "'",
                 "only root can change devices and /etc/latchkey", "run: sudo latchkey " + what};
  protect_process();
  tell_of_own_mounts(globals);
  if (const auto lost = settings_are_lost(paths)) report_warning(*lost);
  // Every file is made with its own mode; a caller's narrower mask would make
  // mount points that no service can enter.
  ::umask(022);
  tell_unfinished(globals, name);
  if (auto made = make_directories(paths.run(), 0755); !made) return made.error();
  // Not at once: whoever only asks whether it is taken holds it for a moment.
  return LockFile::take(paths.run(setup_lock_name), "a command that changes the set-up",
                        std::chrono::seconds(2));
}

bool another_command_works(const Paths& paths) {
  const auto lock = LockFile::take(paths.run(setup_lock_name), "", std::chrono::seconds(0));
  return !lock && lock.error().code == Code::busy;
}

Result<> keys_device_is_there(const DeviceRef& device) {
  const std::string what = "cannot open the keys volume";
  if (!block_device(device.path()))
    return Error{Code::missing, what, "there is no device " + device.text(), missing_disk_hint()};
  if (const auto answer = ask_disk(device.path()); !answer && answer.error().code == Code::timeout)
    return Error{Code::timeout, what, device.text() + " cannot be read: " + answer.error().why,
                 unread_disk_hint()};
  return Ok{};
}

Result<KeysSession> KeysSession::open(const Globals& globals, const Setup& setup, Asker& asker,
                                      KeysAccess access) {
  std::optional<KeysSession> session;
  const auto opened =
      with_passphrase(globals, asker, passphrase_prompt, [&](Secret passphrase) -> Result<> {
        auto one = open(globals, setup, std::move(passphrase), access);
        if (!one) return one.error();
        session = std::move(*one);
        return Ok{};
      });
  if (!opened) return opened.error();
  return std::move(*session);
}

namespace {

// What is written to a copy of it, or to what a snapshot takes the place of, is lost.
Result<> is_written_for_good(const KeysVolume& volume) {
  const std::string what = "cannot write to the keys volume";
  if (auto own = leads_to_its_own_header(volume, what); !own) return own;
  const DeviceRef lv = as_lv(volume.device);
  if (lv.kind != DeviceRef::Kind::lv) return Ok{};
  const auto snapshots = snapshots_of(lv);
  return snapshots ? is_not_merging(*snapshots, lv, what) : Result<>(Ok{});
}

}  // namespace

Result<KeysSession> KeysSession::open(const Globals& globals, const Setup& setup, Secret passphrase,
                                      KeysAccess access) {
  const KeysVolume& volume = setup.config.keys;
  // Before the turn is taken: LVM can be slow to answer, and unlocks would wait for it.
  if (access == KeysAccess::write)
    if (auto own = is_written_for_good(volume); !own) return own.error();
  KeysSession session;
  auto turn = take_unlock_turn(setup, globals.paths, std::chrono::seconds(60));
  if (!turn) return turn.error();
  session.turn_ = std::move(*turn);
  session.woken_ = std::make_unique<WokenLv>(volume.device);
  if (auto there = keys_device_is_there(volume.device); !there) return there.error();
  auto keys = OpenKeys::open(volume, passphrase, access,
                             [&](const std::string& text) { say(globals, text); });
  if (!keys) return keys.error();
  session.keys_ = std::move(*keys);
  session.passphrase_ = std::move(passphrase);
  session.device_ = volume.device;
  return session;
}

Result<> KeysSession::close() {
  if (keys_)
    if (auto closed = keys_->close(); !closed) return closed;
  keys_.reset();
  woken_.reset();
  // Also where it was awake before: nobody needs it until the next unlock.
  if (device_.kind == DeviceRef::Kind::lv)
    if (auto rested = deactivate_lv(device_); !rested) return rested;
  turn_.reset();
  return Ok{};
}

Result<> with_passphrase(const Globals& globals, Asker& asker, const std::string& prompt,
                         const std::function<Result<>(Secret)>& use) {
  constexpr int tries = 3;
  for (int left = tries;; --left) {
    auto passphrase = asker.ask(prompt);
    if (!passphrase) return passphrase.error();
    auto used = try_forms(*passphrase, [&](const Secret& form) { return use(copy_of(form)); });
    if (used || used.error().code != Code::denied || !asker.interactive() || left == 1) return used;
    say(globals, wrong_passphrase_text(left - 1));
  }
}

std::shared_ptr<std::optional<int>> declare_passphrase_fd(CLI::App& app) {
  auto descriptor = std::make_shared<std::optional<int>>();
  app.add_option_function<int>(
         "--passphrase-fd", [descriptor](const int& number) { *descriptor = number; },
         "read the passphrase from this open descriptor")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
  return descriptor;
}

}  // namespace latchkey
