// SPDX-License-Identifier: GPL-3.0-or-later
// Software RAID (md), by its own program.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// The arrays (`md0`) that have been put together and wait, stopped, for a disk.
[[nodiscard]] std::vector<std::string> waiting_arrays(const std::string& root = "");

/// Starts an array without the disk that it waits for. Fails with Code::missing when
/// mdadm is not there, else with what it said last: it refuses where too many are gone.
[[nodiscard]] Result<> start_array(const std::string& name);

}  // namespace latchkey
