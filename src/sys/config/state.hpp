// SPDX-License-Identifier: GPL-3.0-or-later
// The file /etc/latchkey/state.json.
#pragma once

#include "core/config/state.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// What is remembered; all empty when there is no file. Fails with Code::damaged or
/// Code::io.
[[nodiscard]] Result<State> load_state(const Paths& paths);

/// Remembers that a key or passphrase was set or removed now, so that backups made
/// before are out of date. A damaged file is replaced. Fails with Code::io.
[[nodiscard]] Result<> note_new_key(const Paths& paths);

/// Remembers that a backup of every volume was written to `file` now, and proved. Not to
/// be called for one that lacks a volume: its key may be the one that is not saved.
[[nodiscard]] Result<> note_backup(const Paths& paths, const std::string& file);

/// As backup_overdue(); an unreadable file is told in its place.
[[nodiscard]] std::optional<Error> backup_age(const Paths& paths);

}  // namespace latchkey
