// SPDX-License-Identifier: GPL-3.0-or-later
// Whose turn it is with the keys volume: one unlock, or one command, at a time; and how it is
// left when nobody uses it.
#pragma once

#include <chrono>
#include <string>

#include "core/base/result.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// Takes the lock that keeps two unlocks, and whoever else opens the keys volume,
/// apart: waits up to `wait` for it, ends an inspection of the keys volume
/// (`mount-keys`), then cleans up after a killed unlock. Fails with
/// Code::busy when it is not free in time, and as clean_up_after_unlock.
[[nodiscard]] Result<LockFile> take_unlock_turn(const Setup& setup, const Paths& paths,
                                                std::chrono::seconds wait);

/// Takes away what a killed unlock left: an open keys volume, and mappings that it
/// had not finished. Does nothing while that unlock, or another, is still at work:
/// it cleans up after itself, or the next one does. Fails as close_mapping and
/// remove_unfinished_mapping do.
[[nodiscard]] Result<> clean_up_after_unlock(const Setup& setup, const Paths& paths);

/// The file that the worker processes of an unlock keep locked, which may outlive it.
[[nodiscard]] std::string workers_lock(const Paths& paths);

/// Puts the keys volume's LV to rest when it is one and nothing uses it: a device
/// that is not there cannot be read by mistake. Called on the running system,
/// where nobody waits for it; the next unlock activates it again.
[[nodiscard]] Result<> rest_keys_volume(const Setup& setup);

/// The same by somebody who comes at any time: whoever is about to open the keys volume,
/// or looks into it, puts it to rest afterwards, and is left alone.
[[nodiscard]] Result<> rest_keys_volume_unless_used(const Setup& setup, const Paths& paths);

/// Closes the keys volume where somebody looks into it, or a killed process left it open. Closed
/// already: fine. Fails with Code::busy, telling who uses it, and as take_unlock_turn.
[[nodiscard]] Result<> close_keys_volume(const Setup& setup, const Paths& paths);

}  // namespace latchkey
