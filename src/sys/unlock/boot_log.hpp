// SPDX-License-Identifier: GPL-3.0-or-later
// The file /var/lib/latchkey/boots.jsonl, and what is still to be told to hooks.
#pragma once

#include <optional>
#include <string>

#include "core/plan/facts.hpp"
#include "core/unlock/boot_log.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// Where the log is.
[[nodiscard]] std::string log_file(const Paths& paths);

/// This boot, as far as it is known without the log: its id, when the kernel started,
/// what early boot left.
[[nodiscard]] BootEntry this_boot(const Paths& paths);

/// Reads the log; empty when there is none. Fails with Code::refused (only root may),
/// Code::io.
[[nodiscard]] Result<BootLog> load_log(const Paths& paths);

/// Adds to the log (mode 0600), whole or not at all, also at a power cut. A log that
/// cannot be read is begun anew. Fails with Code::busy, Code::io, Code::refused.
[[nodiscard]] Result<> record(const Paths& paths, const BootEntry& news);

/// The volume that the log would lie on and that is not mounted; writing then would
/// leave a file in its mount point, in the way of the next mount. Else nullptr.
[[nodiscard]] const Volume* log_waits_for(const Setup& setup, const Facts& facts);

/// Keeps news for the process that tells the hooks, in /run/latchkey/events. Gives the
/// name it is kept under; names sort by time. Fails with Code::io.
[[nodiscard]] Result<std::string> keep_news(const Paths& paths, const BootEntry& news);

/// Takes the oldest kept news away and gives it. Nothing when there is none.
[[nodiscard]] std::optional<BootEntry> take_news(const Paths& paths);

/// True once in a boot for each name.
[[nodiscard]] bool first_time(const Paths& paths, const std::string& name);

}  // namespace latchkey
