// SPDX-License-Identifier: GPL-3.0-or-later
// What came of a start that was queued, by how its unit stands.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/units/unit_state.hpp"

namespace latchkey {

/// What failed, for people.
[[nodiscard]] std::string cannot_start(const std::string& unit);

/// The command that shows what a unit has said in this boot.
[[nodiscard]] std::string journal_of(const std::string& unit);

/// How a start that was queued stands.
enum class Progress { running, done, failed };

/// What is said of it.
struct Judged {
  Progress progress = Progress::running;
  Error error{};  ///< of a failure: why, and what to look at
};

/// Takes a unit's state from before its start was queued and the one of now; gives how it stands.
[[nodiscard]] Judged judge_start(const UnitState& before, const UnitState& now,
                                 const std::string& unit);

/// True when systemd may have counted starts of a unit that went wrong, and refuse the
/// next one until they are forgotten.
[[nodiscard]] bool may_be_refused(const UnitState& unit);

}  // namespace latchkey
