// SPDX-License-Identifier: GPL-3.0-or-later
// Programs that must come to their end: killed half way, they would leave a device behind that
// nobody can use.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sys/process/process.hpp"

namespace latchkey {

/// Runs a program as run() does, but never ends it. Gives what run() gives, or nothing when the
/// program has not ended within `timeout`: it goes on, also when we end. Fails with
/// Code::missing and Code::io as run().
[[nodiscard]] Result<std::optional<RunResult>> run_to_its_end(const std::vector<std::string>& argv,
                                                              std::chrono::milliseconds timeout);

}  // namespace latchkey
