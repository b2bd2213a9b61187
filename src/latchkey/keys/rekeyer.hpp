// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey rekey`: a new keys volume with one passphrase, and a new key for every data
// volume. At every moment the keys volume that the images know opens all of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "latchkey/cli/admin.hpp"
#include "latchkey/keys/keys_maker.hpp"
#include "latchkey/keys/slots.hpp"

namespace latchkey {

class Rekeyer {
 public:
  /// `work`: what an interrupted run left, or a new one. The values that it adds to those
  /// of KeysMaker: `old` and `old-uuid` (the keys volume that goes), `stays` (what it holds
  /// beside key files that cannot be taken along), and for each volume the slots
  /// `old-NAME` (all that its old key opens) and `new-NAME`.
  Rekeyer(const Globals& globals, const Setup& setup, Unfinished work);

  /// Asks for the passphrases and refuses all that can be refused, before anything is
  /// made. Fails as KeysSession::open and ask_new_passphrase; with Code::refused for a keys
  /// volume that is no LV, for volumes that share a key file, for lack of room or disks,
  /// for a group that lies in an encrypted mapping;
  /// with Code::denied when a volume's key file does not open it, or an interrupted run's
  /// new passphrase is another one; with Code::missing while a volume's device is away.
  [[nodiscard]] Result<> prepare(Asker& asker, bool accept_weak);

  [[nodiscard]] std::vector<WorkStep> steps();
  [[nodiscard]] Unfinished& work() noexcept { return maker_.work; }

  /// What still opens a volume beside its new key, a line for each such volume.
  [[nodiscard]] std::vector<std::string> other_slots() const;
  /// The new keys volume, once its name was chosen.
  [[nodiscard]] DeviceRef new_lv() const { return maker_.lv(); }

 private:
  [[nodiscard]] bool switched() const;
  [[nodiscard]] Result<> begin();
  [[nodiscard]] Result<> ask_new(Asker& asker, bool accept_weak);
  [[nodiscard]] Result<> look_at(const Volume& volume);
  [[nodiscard]] Result<const OpenKeys*> fresh();
  [[nodiscard]] Result<> take_along();
  [[nodiscard]] Result<> give_key(const Volume& volume);
  [[nodiscard]] Result<> configure() const;
  [[nodiscard]] Result<> remove_old_key(const Volume& volume);
  [[nodiscard]] Result<> let_go();
  [[nodiscard]] Result<> retire();
  [[nodiscard]] Result<> close();
  [[nodiscard]] Result<std::string> new_configuration() const;
  [[nodiscard]] int new_slot(const Volume& volume) const;
  [[nodiscard]] bool concerns(const Volume& volume) const;

  const Globals& globals_;
  const Setup& setup_;
  KeysMaker maker_;
  Secret passphrase_{};  // the new one
  // The keys volume that is configured: the old one, or, once that is done, the new one.
  std::optional<KeysSession> session_{};
  std::optional<OpenKeys> fresh_{};  // the new one, while the old one is configured
};

}  // namespace latchkey
