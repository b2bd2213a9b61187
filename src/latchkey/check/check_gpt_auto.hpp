// SPDX-License-Identifier: GPL-3.0-or-later
// A part of `latchkey check`'s look at what opens and mounts beside Latchkey.
#pragma once

#include <span>

#include "core/base/finding.hpp"
#include "core/mount/fstab.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// Devices of ours that systemd opens and mounts by the types of their partitions.
[[nodiscard]] Findings check_gpt_auto(const Paths& paths, std::span<const Claim> claims);

}  // namespace latchkey
