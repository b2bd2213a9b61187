// SPDX-License-Identifier: GPL-3.0-or-later
// What every command that changes the set-up begins with: root, one at a time, a
// process that keeps secrets well, and the keys volume open for as short as can be.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "latchkey/cli/asker.hpp"
#include "latchkey/cli/command.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/keys/keys_volume.hpp"
#include "sys/storage/lvm.hpp"

namespace latchkey {

/// Protects the process and makes sure that it is root's and alone: no other
/// command changes the set-up while the lock lives. `what` is the command, for
/// messages. Tells what other commands left unfinished, except that of `name`, which
/// this one goes on with itself. Fails with Code::refused (not root), Code::busy
/// (another command is at work), Code::io.
[[nodiscard]] Result<LockFile> begin_admin(const Globals& globals, const std::string& what,
                                           const std::string& name = {});

/// True while a command that begin_admin let through runs in another process.
[[nodiscard]] bool another_command_works(const Paths& paths);

/// Whether the keys volume's device is there, and its disk answers; an LV must be awake. Fails
/// with Code::missing, Code::timeout.
[[nodiscard]] Result<> keys_device_is_there(const DeviceRef& device);

/// The keys volume, open for one command, with its LV awake and no unlock beside.
class KeysSession {
 public:
  /// Asks for the passphrase (a person three times) and opens the keys volume. Fails
  /// with Code::denied after the last wrong one, Code::missing when its device is
  /// not there, Code::busy when an unlock or `mount-keys` does not let it go, with
  /// KeysAccess::write as leads_to_its_own_header and is_not_merging, and as OpenKeys::open.
  [[nodiscard]] static Result<KeysSession> open(const Globals& globals, const Setup& setup,
                                                Asker& asker, KeysAccess access);
  /// The same with a passphrase that is known already.
  [[nodiscard]] static Result<KeysSession> open(const Globals& globals, const Setup& setup,
                                                Secret passphrase, KeysAccess access);

  [[nodiscard]] const OpenKeys& keys() const { return *keys_; }
  /// The passphrase that opened it.
  [[nodiscard]] const Secret& passphrase() const noexcept { return passphrase_; }

  /// Closes it and puts its LV to rest. Fails as OpenKeys::close. What is not closed
  /// so is closed at the end of the object, and nobody hears of a failure.
  [[nodiscard]] Result<> close();

 private:
  KeysSession() = default;

  std::unique_ptr<WokenLv> woken_{};
  std::optional<LockFile> turn_{};
  std::optional<OpenKeys> keys_{};
  Secret passphrase_{};
  DeviceRef device_{};
};

/// Warns where what is mounted here would be seen by no service.
void tell_of_own_mounts(const Globals& globals);

/// Calls `use` with the passphrase that `asker` gives, again while that fails with Code::denied
/// and a person can be asked again (three times in all).
[[nodiscard]] Result<> with_passphrase(const Globals& globals, Asker& asker,
                                       const std::string& prompt,
                                       const std::function<Result<>(Secret)>& use);

/// Declares --passphrase-fd. Gives where its number comes to be.
[[nodiscard]] std::shared_ptr<std::optional<int>> declare_passphrase_fd(CLI::App& app);

}  // namespace latchkey
