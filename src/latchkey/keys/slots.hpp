// SPDX-License-Identifier: GPL-3.0-or-later
// What the commands on key slots share.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/config/unfinished.hpp"
#include "core/plan/plan.hpp"
#include "latchkey/cli/asker.hpp"
#include "latchkey/cli/command.hpp"
#include "latchkey/cli/steps.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/luks/luks.hpp"
#include "sys/storage/lvm.hpp"

namespace latchkey {

/// The name under which work on the keys volume's slots is unfinished.
inline constexpr const char* keys_work = "keys";

/// Said wherever a key stops opening a volume: it does so from here on only.
inline constexpr const char* old_copies_text =
    "backups and copies of the header made before still open with what was removed; make a "
    "new one: latchkey backup FILE";

/// That key slots of a volume, or what is on the keys volume, can be changed: fails with
/// Code::refused, saying `what` cannot be done, where a snapshot of its logical volume waits to
/// be merged back. Of snapshots that are there it is warned, by `owner`. What LVM does not say is
/// fine.
[[nodiscard]] Result<> stands_for_good(const DeviceRef& device, const std::string& what,
                                       const std::string& owner);

/// The header of a volume with its LV awake.
class AwakeHeader {
 public:
  /// The keys volume's, with no unlock beside. Fails with Code::busy when an unlock
  /// does not end or the keys volume is in use, Code::missing, as stands_for_good and
  /// leads_to_its_own_header, and as LuksDevice::open.
  [[nodiscard]] static Result<AwakeHeader> of_keys(const Globals& globals, const Setup& setup);
  /// A data volume's. Fails as leads_to_its_own_header and LuksDevice::open, with Code::missing.
  [[nodiscard]] static Result<AwakeHeader> of_volume(const Setup& setup, const Volume& volume);

  [[nodiscard]] LuksDevice& luks() { return *luks_; }

  /// Of the keys volume only: gives way to an unlock while `asker` asks a person, and
  /// stands again as it was behind each prompt, where luks() is the same object. Stays where
  /// it is as long as `asker` lives.
  void give_way_to_unlocks(Asker& asker, const Globals& globals, const Setup& setup);

  /// Lets go of it, and puts the keys volume's LV to rest, also where it was awake
  /// before: nobody needs it until the next unlock. Nothing else can be done then.
  void rest(const Setup& setup);

 private:
  AwakeHeader() = default;
  [[nodiscard]] Result<> take(const Globals& globals, const Setup& setup);
  [[nodiscard]] Result<> load(const DeviceRef& device, const LuksPlace& place);

  std::unique_ptr<WokenLv> woken_{};
  std::optional<LockFile> turn_{};
  std::optional<LuksDevice> luks_{};
};

/// The volume of this name. Fails with Code::usage and the nearest name.
[[nodiscard]] Result<const Volume*> the_volume(const Setup& setup, const std::string& name);

/// That a new key can be put into the volume's key file. Fails as `what` with Code::refused when
/// another volume is opened by the same file.
[[nodiscard]] Result<> has_own_key_file(const Setup& setup, const Volume& volume,
                                        const std::string& what);

/// The slot that the key from the volume's key file opens. Fails as `what`, with Code::denied when
/// it opens none.
[[nodiscard]] Result<int> slot_of_key_file(const LuksDevice& luks, const Volume& volume,
                                           const Secret& key, const std::string& what);

/// The command line that removes a slot of a volume, or of the keys volume (nullptr).
[[nodiscard]] std::string removal_of_slot(const Setup& setup, const Volume* volume, int slot);

/// The unfinished work of `command` on `name` (its values are kept), or a new one. `finish` is the
/// command line that goes on with it; people are told what holds `meanwhile`. Fails with
/// Code::refused while another command, or this one with other arguments, is half done there.
[[nodiscard]] Result<Unfinished> work_on(const Globals& globals, const std::string& name,
                                         const std::string& command, const std::string& finish,
                                         const std::string& meanwhile = {});

/// The number of a slot as the work recorded it; LuksDevice::any_slot when it did not.
[[nodiscard]] int recorded_slot(const Unfinished& work, const std::string& key);

/// The slots that a key opens, as slots_opened_by; one that was not tried for want of memory is
/// warned of. `volume`: whose they are; none: the keys volume's.
[[nodiscard]] Result<std::vector<int>> opened_slots(const Setup& setup, const Volume* volume,
                                                    const LuksDevice& luks, const Secret& key);

/// Records which slots are meant by the numbers that the work has recorded under `key`.
void mark_slots(Unfinished& work, const std::string& key, const LuksDevice& luks);

/// After a slot was added under a number that the work has recorded under `key`: records which
/// one that is. Fails as `added`.
[[nodiscard]] Result<> note_added(const Result<int>& added, Unfinished& work,
                                  const std::string& key, const LuksDevice& luks);

/// Those of the slots recorded under `key` that still are the ones that were meant. Of another
/// one, which got its number since, it is warned that it stays.
[[nodiscard]] std::vector<int> unchanged_slots(const Unfinished& work, const std::string& key,
                                               const LuksDevice& luks);

/// Takes away what an interrupted run added: the slot that it recorded under `new`,
/// unless that is `keep`. One that may be somebody else's, since the run did not come to
/// say that it had added it or it is another one by now, stays and is warned of, with `removal`,
/// the command that removes it (see removal_of_slot). Fails as LuksDevice::remove_slot.
[[nodiscard]] Result<> remove_half_made(LuksDevice& luks, const Unfinished& work, int keep,
                                        const std::string& removal);

/// True when the new passphrase opens the slot that an interrupted run recorded under
/// `new`: that slot is of that run then, whatever it came to say.
[[nodiscard]] bool added_before(const LuksDevice& luks, const Unfinished& work,
                                const Secret& fresh);

/// The step that remembers that backups are out of date now.
[[nodiscard]] WorkStep note_step(const Globals& globals);

}  // namespace latchkey
