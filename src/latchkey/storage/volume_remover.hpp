// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of `remove-volume`.
#pragma once

#include <optional>
#include <vector>

#include "core/config/new_volume.hpp"
#include "core/plan/plan.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/steps.hpp"

namespace latchkey {

/// What is to be removed, and how much of it.
struct Removal {
  enum class Kind {
    forget,    ///< the line in `volumes` goes, LV and key stay
    destroy,   ///< everything goes
    take_back  ///< what an interrupted create-volume made goes
  };
  Kind kind = Kind::forget;
  Volume volume{};
  std::string tag{};      ///< take_back: only an LV with it is ours
  bool lv_stays = false;  ///< take_back: the LV was there before
  bool used = false;      ///< take_back: boots may have mounted it
  /// destroy: the line does not say which header is meant, so its key must. Not written down: it
  /// is proved before the first step.
  bool unproved = false;
  std::string given_up{};  ///< the command that was not finished on it; not written down
  Unfinished work{};
};

/// For a configured volume.
[[nodiscard]] Removal forget(const Volume& volume, bool destroy);
/// For one whose creation was interrupted.
[[nodiscard]] Removal take_back(const NewVolume& asked, const Unfinished& creation);
/// For a removal that was itself interrupted.
[[nodiscard]] Removal removal_of(const Unfinished& work);

class VolumeRemover {
 public:
  VolumeRemover(const Globals& globals, const Setup& setup, const Removal& removal);

  /// Looks at what forbids it, changing nothing: a device that is not what it was, another
  /// volume that has got the name since. Fails with Code::refused, Code::busy for one that somebody
  /// opened under another name, Code::missing for one to be destroyed that is not there.
  [[nodiscard]] Result<> look() const;

  /// True where what is to be taken back was complete once, whatever was written down of it:
  /// its logical volume has the mark of an unfinished creation no more. Fails as find_lv.
  [[nodiscard]] Result<bool> was_complete() const;

  /// Asks for the passphrase when a key must be removed. Fails as KeysSession::open, and with
  /// Code::refused where nothing tells that the header there is that of the volume.
  [[nodiscard]] Result<> prepare(Asker& asker);

  /// Unmounts and closes it. Not one of the steps: a volume that is in use is no work to be
  /// finished, and one that was only closed is the next release's; a creation stays one that can
  /// be finished, and what is held for it stays held. Fails with Code::busy, telling by whom.
  [[nodiscard]] Result<> let_go() const;

  /// unhold, configure, wipe, lv, key, image; those that this kind
  /// of removal has.
  [[nodiscard]] std::vector<WorkStep> steps();

 private:
  [[nodiscard]] bool destroys() const { return removal_.kind != Removal::Kind::forget; }
  [[nodiscard]] bool is_lv() const { return removal_.volume.device.kind == DeviceRef::Kind::lv; }
  [[nodiscard]] Result<> has_no_successor() const;
  [[nodiscard]] bool has_our_header() const;
  [[nodiscard]] bool header_is_there() const;
  [[nodiscard]] Result<> has_what_to_wipe() const;
  [[nodiscard]] Result<> is_gone() const;
  [[nodiscard]] Result<> look_at_header() const;
  [[nodiscard]] std::string instead(const std::string& mend) const;
  [[nodiscard]] Result<> has_no_snapshots() const;
  [[nodiscard]] Result<> is_its_header(const OpenKeys& keys) const;
  [[nodiscard]] Result<> unmount() const;
  [[nodiscard]] Result<> close() const;
  [[nodiscard]] Result<> configure() const;
  [[nodiscard]] Result<> wipe() const;
  [[nodiscard]] Result<> remove_device() const;
  [[nodiscard]] Result<> remove_key();

  const Globals& globals_;
  const Setup& setup_;
  const Removal& removal_;
  std::optional<KeysSession> keys_{};
};

}  // namespace latchkey
