// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of `adopt`: a LUKS volume from elsewhere gets a key of ours beside what
// opens it now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config/unfinished.hpp"
#include "core/plan/plan.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/steps.hpp"
#include "sys/luks/random_key.hpp"

namespace latchkey {

/// What `adopt` was asked for.
struct Adoption {
  Volume volume{};         ///< as the volumes file is to have it
  std::string key_file{};  ///< a file that opens it now; empty: a passphrase is asked for
};

class VolumeAdopter {
 public:
  VolumeAdopter(const Globals& globals, const Setup& setup, const Adoption& asked,
                Unfinished& work);

  /// Looks at everything that could be in the way, changing nothing. Fails with the
  /// codes of read_luks_header, Code::busy for a mount point or mapping in another
  /// use, Code::refused for files that the mount would hide, and for one disk of a RAID.
  [[nodiscard]] Result<> look() const;

  /// Asks for the passphrase of the keys volume, then for what opens the volume now,
  /// and proves both. A key of it that is on the keys volume already and opens it is
  /// kept: then there is nothing to add. While a person is asked the keys volume is closed
  /// and no unlock waits; what look() and the keys volume say is looked at again afterwards.
  /// Fails with Code::denied, and as look().
  [[nodiscard]] Result<> prepare(Asker& asker);

  /// key, slot, note, configure, mount, image.
  [[nodiscard]] std::vector<WorkStep> steps();

 private:
  [[nodiscard]] Result<> take_stored_key();
  [[nodiscard]] Result<> ask_for_key(Asker& asker);
  [[nodiscard]] Result<> open_keys_again(const Secret& passphrase);
  [[nodiscard]] Result<> take_existing(Secret key);
  [[nodiscard]] Result<> write_key();
  [[nodiscard]] Result<> add_slot();
  [[nodiscard]] Result<> mount();

  const Globals& globals_;
  const Setup& setup_;
  const Adoption& asked_;
  Unfinished& work_;
  std::optional<KeysSession> keys_{};
  Secret existing_{};                 // opens the volume now
  std::optional<RandomKey> drawn_{};  // is to open it
  Secret stored_{};                   // opens it and is on the keys volume
};

}  // namespace latchkey
