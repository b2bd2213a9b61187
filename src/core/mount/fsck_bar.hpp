// SPDX-License-Identifier: GPL-3.0-or-later
// The one line on a terminal that shows how far the running checks are.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "core/mount/fsck.hpp"

namespace latchkey {

/// Takes the checks that run, by the names of their volumes, and the columns of the
/// terminal. Gives `checking 'mysql' [####......] pass 1 of 5, 43 %; 'www' …` in fewer
/// columns than that, so that the terminal does not break the line; empty for none.
/// A bar is drawn for every check that fits into the line; the others are counted.
[[nodiscard]] std::string check_bar(const std::map<std::string, CheckProgress>& checks,
                                    std::size_t columns);

}  // namespace latchkey
