// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of `create-volume`, and how it goes on after it was interrupted.
#pragma once

#include <optional>
#include <vector>

#include "core/config/new_volume.hpp"
#include "core/plan/plan.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/steps.hpp"
#include "sys/luks/random_key.hpp"

namespace latchkey {

class VolumeMaker {
 public:
  /// Takes what was asked for and its work (begun before, or new). References are
  /// kept.
  VolumeMaker(const Globals& globals, const Setup& setup, const NewVolume& asked, Unfinished& work);

  /// Looks at everything that could be in the way, changing nothing: the volume
  /// group, the LV, the mount point, the programs, the names. Fails with
  /// Code::refused for an LV that is not ours or holds something, Code::busy,
  /// Code::missing, Code::usage.
  [[nodiscard]] Result<> look() const;

  /// Asks for the passphrase when a key must still be written or read. Fails as
  /// KeysSession::open, and with Code::refused when a key of this name is there.
  [[nodiscard]] Result<> prepare(Asker& asker);

  /// The steps, in their order: key, lv, format, note, file-system, configure,
  /// mount, hold, untag, image.
  [[nodiscard]] std::vector<WorkStep> steps();

  /// After the steps: 0, or the exit status for a unit whose own files undo its hold.
  [[nodiscard]] int loose() const noexcept { return loose_; }

 private:
  [[nodiscard]] Result<> look_at_lv() const;
  [[nodiscard]] Result<> open();
  [[nodiscard]] const Secret& key() const;

  [[nodiscard]] Result<> write_key();
  [[nodiscard]] Result<> make_lv() const;
  [[nodiscard]] Result<> format() const;
  [[nodiscard]] Result<> make_fs();
  [[nodiscard]] Result<> configure();
  [[nodiscard]] Result<> hold();

  const Globals& globals_;
  const Setup& setup_;
  const NewVolume& asked_;
  Unfinished& work_;
  Volume volume_;
  std::string tag_;
  std::optional<KeysSession> keys_{};
  std::optional<RandomKey> drawn_{};  // of this run: only it may get a cheap slot
  Secret stored_{};                   // of an earlier run, whose header has its slot
  int loose_ = 0;
};

}  // namespace latchkey
