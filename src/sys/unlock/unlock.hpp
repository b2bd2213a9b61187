// SPDX-License-Identifier: GPL-3.0-or-later
// An unlock, in early boot and on the running system alike.
#pragma once

#include <functional>

#include "core/plan/execute.hpp"
#include "core/plan/facts.hpp"
#include "sys/base/secret.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// Opens every volume that is not open: takes the lock that keeps two unlocks
/// apart (waits up to a minute for another one), cleans up after a killed one,
/// probes, plans and executes. The passphrase is wiped
/// before this returns. `let_go` is called in each worker process: what it closes is not
/// kept open by one that hangs in the kernel for good. Fails with Code::busy when the lock is not
/// free; all else is in the Outcome, whose status is Code::denied for a wrong passphrase.
///
/// To be called while the process has a single thread: it forks its workers.
[[nodiscard]] Result<Outcome> unlock_here(const Setup& setup, const Paths& paths, Secret passphrase,
                                          Reporter& reporter,
                                          const std::function<void()>& let_go = {});

}  // namespace latchkey
