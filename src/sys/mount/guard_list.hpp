// SPDX-License-Identifier: GPL-3.0-or-later
// Where mount points were guarded, in /etc/latchkey/guards: a line of the volumes file may be
// changed or deleted, and the directory that it named stays immutable.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// The places that may be guarded, in order; none when the list is not there.
[[nodiscard]] std::vector<std::string> guarded_places(const Paths& paths);

/// Makes `places` the list, on the disk before it returns, and takes the guards of all others
/// that were in it away. Gives what failed, for warnings. What could not be done stays listed,
/// unless the place is none that Latchkey would guard now; so does one that is not there
/// and lies below one of `places`, on which its volume may not be mounted now.
[[nodiscard]] std::vector<Error> follow_guards(const Paths& paths, std::vector<std::string> places);

}  // namespace latchkey
