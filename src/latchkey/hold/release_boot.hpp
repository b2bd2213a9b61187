// SPDX-License-Identifier: GPL-3.0-or-later
// `release-services --boot`: the release inside the boot.
#pragma once

#include "latchkey/cli/command.hpp"

namespace latchkey {

/// What latchkey-release.service runs, and its init script on sysvinit. Tells the
/// journal what early boot did, checks and mounts what is open, marks the units whose
/// volumes are there, and has latchkey-start.service start those that the boot does not
/// start itself. Never blocks on a unit. On sysvinit it starts the units itself, in the
/// order of the services file: its script runs when all others have had their turn. A
/// check that takes longer than ten seconds goes on in the background while the boot
/// goes on; its units are started when it ends.
///
/// Gives 0 also when nothing is open (somebody chose to boot without the data);
/// 1 when a volume that is open, or belongs to a set that was opened, is not up.
int release_at_boot(const Globals& globals, bool over_files);

/// What latchkey-start.service runs, while nobody waits for it: starts the units that are
/// marked as released and do not run, and deactivates the keys volume's LV once systemd has
/// activated what it found. Gives 0 when all units run, or start still after their time; an LV
/// that stays active is a warning. Gives 1 also when a release behind the boot left something
/// undone, which its own unit could not tell any more.
int finish_boot(const Globals& globals);

/// Once everything is up: that the boot left something undone is over. `failed`: one of its
/// units counts as failed, which systemd is to forget.
void forget_failed_boot(const Globals& globals, bool failed);

}  // namespace latchkey
