// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace latchkey {

/// Tells the kernel's out-of-memory killer to take others first. The workers
/// that derive keys are forked after it and take it back: they are what to kill.
void spare_from_oom_killer() noexcept;

/// Makes this process one like any other for it.
void be_usual_for_oom_killer() noexcept;

/// Makes this process one that the OOM killer prefers.
void offer_to_oom_killer() noexcept;

}  // namespace latchkey
