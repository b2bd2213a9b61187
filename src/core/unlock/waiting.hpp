// SPDX-License-Identifier: GPL-3.0-or-later
// What early boot says while it waits.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/plan/facts.hpp"
#include "core/plan/plan.hpp"

namespace latchkey {

/// `all 4 volumes are open`, or `1 of 4 volumes are open`.
[[nodiscard]] std::string open_sentence(const Setup& setup, const Facts& facts);

/// The state of the waiting, a line each: since when (`seconds`), which devices
/// have not appeared, how many answers were wrong.
[[nodiscard]] std::vector<std::string> waiting_lines(const Setup& setup, const Facts& facts,
                                                     double seconds, unsigned wrong_answers);

/// A closed volume that the boot cannot go on without: that of the root file system or of
/// /usr; nullptr: the boot can go on. Points into `setup`.
[[nodiscard]] const Volume* closed_and_needed(const Setup& setup, const Facts& facts);

using WaitTime = std::chrono::steady_clock::time_point;

/// What keeps `[boot] wait` from acting under somebody's hands.
struct Hands {
  bool answering = false;  ///< an answer waits for its turn, or is being tried
  /// Of each person who is at a prompt now: when they logged in or last gave an answer. A
  /// console that nobody has typed at is none.
  std::vector<WaitTime> signs{};
  bool device_answering = false;  ///< the same of what may be a device
  std::vector<WaitTime> device_signs{};
};

/// So many answers of one console that open nothing may be no person's: a device on a serial line
/// sends such, or a port that sends back what we write.
inline constexpr unsigned failed_answers_of_a_device = 10;

/// When `[boot] wait` is over that counts from `since`: not while somebody answers, and not
/// within five minutes after a sign of who is at a prompt. A session that only stays there
/// puts it off by no more than that, and what may be a device to no more than three times `wait`.
/// Nothing: not before something else happens.
[[nodiscard]] std::optional<WaitTime> wait_ends(WaitTime since, std::chrono::seconds wait,
                                                const Hands& hands);

/// How long an attempt may last. Each of its steps has a limit of its own; these are for one
/// that hangs where no limit reaches it.
struct AttemptPatience {
  std::chrono::seconds alone{};  ///< so long, nothing else is done while it is under way
  std::chrono::seconds whole{};  ///< then it is given up; no sound attempt takes as long
};
[[nodiscard]] AttemptPatience attempt_patience(const BootConfig& boot, std::size_t volumes);

/// What such a volume is to the boot: `the root file system` or `/usr`.
[[nodiscard]] std::string need_text(const Volume& volume);

}  // namespace latchkey
