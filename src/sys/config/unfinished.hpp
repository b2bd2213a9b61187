// SPDX-License-Identifier: GPL-3.0-or-later
// The files of unfinished work, /etc/latchkey/unfinished/NAME.json. Below /etc,
// since /var may itself be a volume that is not mounted.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "core/config/unfinished.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// All there is. A file that cannot be read becomes one whose command is its name.
[[nodiscard]] std::vector<Unfinished> list_unfinished(const Paths& paths);

/// That of this name, or nothing. Fails with Code::damaged or Code::io.
[[nodiscard]] Result<std::optional<Unfinished>> load_unfinished(const Paths& paths,
                                                                const std::string& name);

/// Writes it (mode 0600), on the disk before it returns.
[[nodiscard]] Result<> save_unfinished(const Paths& paths, const Unfinished& work);

/// Removes it, on the disk before it returns. One that is not there is fine.
[[nodiscard]] Result<> drop_unfinished(const Paths& paths, const std::string& name);

/// A new random UUID, as the kernel draws it.
[[nodiscard]] Result<std::string> new_uuid();

/// Now, as a date for people and for comparing: `2026-01-31 12:59:00Z`; or so much
/// later.
[[nodiscard]] std::string now_text(std::chrono::seconds later = std::chrono::seconds(0));

}  // namespace latchkey
