// SPDX-License-Identifier: GPL-3.0-or-later
// Files of systemd units that a machine's owner wrote: their settings, and what they use.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// One `Key=Value` line of a unit's file.
struct UnitSetting {
  std::string section{};  ///< `Service`, without brackets
  std::string key{};
  std::string value{};  ///< continued lines are joined; quotes and specifiers stay
};

/// Takes the text of a unit's file or drop-in; gives its settings in their order, without
/// comments. Never fails: what is no setting is left to systemd.
[[nodiscard]] std::vector<UnitSetting> unit_settings(std::string_view text);

/// The values that count of a key that may stand more than once: an empty one takes those
/// before it away.
[[nodiscard]] std::vector<std::string> values_of(std::span<const UnitSetting> settings,
                                                 std::string_view key);

/// The last value of a key that counts once; empty where it does not stand.
[[nodiscard]] std::string value_of(std::span<const UnitSetting> settings, std::string_view key);

/// True when a service with these settings names `place` (a mount point) or what lies below
/// it as something that it runs, works in, reads, writes or asks for (Condition…=, Assert…=), or
/// the mount there as a unit that it comes behind. What lies on other machines (`host:/path`) is
/// left out.
[[nodiscard]] bool service_uses(std::span<const UnitSetting> settings, std::string_view place);

/// True when a path or socket unit with these settings watches `place` or what lies below it, or
/// makes its socket there: begun before the mount, it goes on with what that hides.
[[nodiscard]] bool trigger_watches(std::span<const UnitSetting> settings, std::string_view place);

/// True when a service with these settings asks first whether something is mounted somewhere.
[[nodiscard]] bool service_asks_first(std::span<const UnitSetting> settings);

/// The unit that a timer, socket or path with these settings starts.
[[nodiscard]] std::string started_by(const std::string& trigger,
                                     std::span<const UnitSetting> settings);

}  // namespace latchkey
