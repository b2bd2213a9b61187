// SPDX-License-Identifier: GPL-3.0-or-later
// How much memory the machine has, as /proc/meminfo says.
#pragma once

#include <cstdint>
#include <string>

namespace latchkey {

/// All of it, in KiB; 0 when it cannot be read. `root` is where a test's /proc is.
[[nodiscard]] std::uint64_t machine_memory_kib(const std::string& root = {});

/// What can be had without swapping, in KiB; 0 when it cannot be read.
[[nodiscard]] std::uint64_t available_memory_kib();

}  // namespace latchkey
