// SPDX-License-Identifier: GPL-3.0-or-later
// Whether what is written into a directory is there after a reboot.
#pragma once

#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// Why a file that is written into `directory`, or the nearest above it that exists, is gone with
/// this boot: it lies in memory, or in an overlay whose upper layer does (overlayroot,
/// systemd.volatile). Nothing where it stays, and where the upper layer cannot be seen.
[[nodiscard]] std::optional<std::string> why_not_lasting(const std::string& directory);

/// What is told where that is so of /etc/latchkey. Nothing with a root that a test set.
[[nodiscard]] std::optional<Error> settings_are_lost(const Paths& paths);

}  // namespace latchkey
