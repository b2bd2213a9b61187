// SPDX-License-Identifier: GPL-3.0-or-later
// Does the boot get to the release? What is masked, or wanted by a target that the boot does not
// reach, is never started, and nothing has failed.
#pragma once

#include <optional>

#include "core/base/result.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {

/// Takes latchkey-release.service as systemd has it. Gives why no boot starts it, with
/// Code::refused: it is masked or not there, or default.target does not lead to it. Nothing when
/// the boot starts it, and when systemd does not answer.
[[nodiscard]] std::optional<Error> no_boot_releases(const UnitState& release);

}  // namespace latchkey
