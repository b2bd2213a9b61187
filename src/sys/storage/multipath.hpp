// SPDX-License-Identifier: GPL-3.0-or-later
// Multipath in early boot, by its own program.
#pragma once

#include <string>

#include "core/base/result.hpp"

namespace latchkey {

/// True where the maps over several paths are made by a program that looks for disks when it is
/// called, as in Debian 12's images: no daemon is there that would make those of disks that come
/// later.
[[nodiscard]] bool makes_maps_when_called(const std::string& root = "");

/// Has it look once more. Fails with what it said last.
[[nodiscard]] Result<> make_maps();

}  // namespace latchkey
