// SPDX-License-Identifier: GPL-3.0-or-later
// One try of one passphrase, in a process of its own, so that the coordinator
// goes on listening while keys are derived and volumes are opened.
#pragma once

#include <string>

#include "core/unlock/report.hpp"
#include "sys/config/setup.hpp"
#include "sys/process/worker.hpp"

namespace latchkey {

/// What an attempt tells, by the type byte of its messages: a line to show; one
/// volume's result (VolumeReport); the end (a number and a line).
namespace attempt_says {
inline constexpr char text = 'S';
inline constexpr char volume = 'V';
inline constexpr char keys_read = 'K';
inline constexpr char end = 'E';
}  // namespace attempt_says

/// Starts an attempt. Whatever becomes of the caller, it ends what it began, and
/// the keys volume is closed. Fails as Worker::fork does.
[[nodiscard]] Result<Worker> start_attempt(const Setup& setup, const Paths& paths,
                                           const Secret& passphrase);

/// The payload of an end: the exit status and a sentence.
struct AttemptEnd {
  int status = 0;
  std::string text{};
};
[[nodiscard]] AttemptEnd parse_attempt_end(const std::string& payload);

/// The payload of a volume's result.
[[nodiscard]] VolumeReport parse_volume_report(const std::string& payload);

}  // namespace latchkey
