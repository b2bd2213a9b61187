// SPDX-License-Identifier: GPL-3.0-or-later
// Configuration that lies on a file system which is mounted only after it is asked for.
#pragma once

#include <vector>

#include "core/base/result.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// An Error (Code::refused) for /etc/latchkey itself and each of its files that systemd's
/// generator or the release reads, and that lies on another file system than those which are there
/// when systemd begins: at a boot it is not found, though all is well today. A link that leads
/// nowhere is one as well (Code::missing).
[[nodiscard]] std::vector<Error> late_config(const Paths& paths);

}  // namespace latchkey
