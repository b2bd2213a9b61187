// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of cron's tables that use what lies on a volume, whether it is mounted or not.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// The directory in which cron runs what a user's own table says.
[[nodiscard]] std::string home_of_crontab(const std::string& user);

/// A line of a table.
struct CronLine {
  std::size_t number = 0;
  /// `@reboot`: it is run once, when cron starts, and not again once the volume is mounted.
  bool at_boot = false;

  bool operator==(const CronLine&) const = default;
};

/// The lines of a table that name `place` (a mount point) or what lies below it,
/// or copy a directory above it (copies_above.hpp), and do not ask first whether something is
/// mounted there, or whether a file on it is there
/// (`test -x FILE &&`), which is no help to those that are run once. Comments, settings of the
/// environment and the files of other machines
/// (`host:/path`) are left out. `homes` are as for command_names; `times` is how many words
/// stand before a command, or one where the first begins with `@`. `copies`: false for a link onto
/// the volume, which a copy of the directory above takes for what it is.
[[nodiscard]] std::vector<CronLine> unguarded_cron_lines(std::string_view text,
                                                         std::string_view place,
                                                         const std::vector<std::string>& homes = {},
                                                         std::size_t times = 5, bool copies = true);

/// What comes before the command in a line of /etc/anacrontab: period, delay, name.
inline constexpr std::size_t anacron_times = 3;

/// The number of the first line of a script that names `place` or what lies below it, or ends a
/// command that copies a directory above it; nothing when there is none, when the script asks
/// anywhere whether something is mounted, or when it looks for a file on the volume before. Also
/// nothing for what is no text. `copies` as above.
[[nodiscard]] std::optional<std::size_t> unguarded_script_line(std::string_view text,
                                                               std::string_view place,
                                                               bool copies = true);

}  // namespace latchkey
