// SPDX-License-Identifier: GPL-3.0-or-later
// Where the memory of the running system may be written to, keys and data with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// Takes the text of /proc/swaps (proc(5)); gives the paths of the areas in use, without
/// those that are kept in memory (zram). A deleted file is left out: it has no path.
[[nodiscard]] std::vector<std::string> swap_areas(std::string_view proc_swaps);

/// Takes the text of /etc/default/kdump-tools; gives the directory that the memory of a
/// crashed kernel is written to, or nothing when it says that none is, or that another machine
/// gets it. Nothing is evaluated: a directory made of variables is taken as the default,
/// /var/crash.
[[nodiscard]] std::string crash_directory(std::string_view kdump_settings);

}  // namespace latchkey
