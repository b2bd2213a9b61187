// SPDX-License-Identifier: GPL-3.0-or-later
// Where lines of scripts and tables, and commands of units, name what lies in a directory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// The numbers of the lines, comments left out, that name a file in `directory` (an
/// absolute path without a slash at its end) or the directory itself: where the old
/// scripts are called. `homes` are the directories that `~` and `$HOME` may be, and that
/// relative paths may begin from; so may each to which a line before has changed (`cd`).
[[nodiscard]] std::vector<std::size_t> lines_naming(std::string_view text,
                                                    std::string_view directory,
                                                    const std::vector<std::string>& homes = {});

/// True when a command, one line that is carried out in one of `homes`, names such a file or
/// the directory itself. Where a home lies in the directory, every relative word would: there
/// only those count that are clearly paths, by `./` or `../` or after a `cd`.
[[nodiscard]] bool command_names(std::string_view command, std::string_view directory,
                                 const std::vector<std::string>& homes);

/// True for a link's target that is `directory` or lies in it; a relative one begins where
/// the link is. By their names alone.
[[nodiscard]] bool leads_into(std::string_view target, std::string_view link,
                              std::string_view directory);

}  // namespace latchkey
