// SPDX-License-Identifier: GPL-3.0-or-later
// What `latchkey check` found: good, doubtful or bad.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

struct Finding {
  enum class Level { ok, warning, error };
  Level level = Level::ok;
  Error text{};  ///< `what`, `why`, `hint`; of a good one mostly `what` alone
};

using Findings = std::vector<Finding>;

/// What is as it should be, what may be a fault or meant so, and what is a fault.
inline Finding good(std::string what) {
  return {Finding::Level::ok, {Code::config, std::move(what)}};
}
inline Finding doubtful(Error text) { return {Finding::Level::warning, std::move(text)}; }
inline Finding bad(Error text) { return {Finding::Level::error, std::move(text)}; }

}  // namespace latchkey
