// SPDX-License-Identifier: GPL-3.0-or-later
// Facts, found anew each time; nothing that was written down earlier is trusted.
#pragma once

#include "core/plan/facts.hpp"
#include "core/plan/plan.hpp"
#include "sys/storage/device.hpp"

namespace latchkey {

/// What is so of the keys volume and of every data volume's device and mapping.
/// Reads /sys and /dev only; never opens a device. Mounts and units are added
/// by probe_mounts and probe_units on the running system.
[[nodiscard]] Facts probe_volumes(const Setup& setup);

/// True for an encrypted mapping of the LUKS volume with this UUID; where it is empty, of any.
[[nodiscard]] bool is_luks_mapping(const Mapping& mapping, const std::string& uuid);

/// Adds to the facts of open volumes on which others they lie: only a lock asks, and an
/// unlock of many volumes need not pay for it.
void probe_layers(Facts& facts, const Setup& setup);

}  // namespace latchkey
