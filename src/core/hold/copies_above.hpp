// SPDX-License-Identifier: GPL-3.0-or-later
// Commands that copy a directory with a mount point somewhere below it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/units/unit_file.hpp"

namespace latchkey {

/// Takes the words of a command line, split at blanks, as somebody wrote them for a shell or a
/// unit. True when a program that copies trees (rsync, tar, borg and the like) is given a
/// directory to copy that `place`, an absolute path, lies below: `rsync -a /srv/ backup:` for
/// /srv/www. Not where it stays on one file system (`-x`), leaves out what leads to the place
/// (`--exclude`), takes it as the target, or unpacks. `home` is where relative paths begin and
/// what `~` stands for; when it is empty they are left out until a `cd`. Variables are unknown.
[[nodiscard]] bool copies_above(const std::vector<std::string>& words, std::string_view place,
                                const std::string& home = {});

/// The same for the commands of a service with these settings.
[[nodiscard]] bool service_copies_above(std::span<const UnitSetting> settings,
                                        std::string_view place);

}  // namespace latchkey
