// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of cron's tables that use what lies on a volume, whether it is mounted or not.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// The directory in which cron runs what a user's own table says.
[[nodiscard]] std::string home_of_crontab(const std::string& user);

/// The numbers of the lines of a table that name `place` (a mount point) or what lies below it,
/// and do not ask first whether something is mounted there, or whether a file on it is there
/// (`test -x FILE &&`). Comments, settings of the environment and the files of other machines
/// (`host:/path`) are left out. `homes` are as for command_names.
[[nodiscard]] std::vector<std::size_t> unguarded_cron_lines(
    std::string_view text, std::string_view place, const std::vector<std::string>& homes = {});

}  // namespace latchkey
