// SPDX-License-Identifier: GPL-3.0-or-later
// What must be remembered of keys and backups: which of them is newer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace latchkey {

/// Times are texts as now_text() gives them, for people: the clock may have been wrong.
/// Empty: never.
struct State {
  std::string newest_key{};     ///< when a key or passphrase was last set or removed
  std::string newest_backup{};  ///< when a complete backup was last written and proved
  std::string backup_file{};    ///< where to
  bool unsaved = false;         ///< a key was set or removed that no complete backup knows of

  bool operator==(const State&) const = default;
};

/// As the text of its file (JSON).
[[nodiscard]] std::string encode(const State& state);

/// Reads it back. Fails with Code::damaged for anything else.
[[nodiscard]] Result<State> parse_state(std::string_view text);

/// What people are told when the newest key is in no backup: what is at stake and
/// what to type. Nothing when all is saved, or nothing was ever set.
[[nodiscard]] std::optional<Error> backup_overdue(const State& state);

}  // namespace latchkey
