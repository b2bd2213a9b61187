// SPDX-License-Identifier: GPL-3.0-or-later
// Directories that every boot uses before the release, where no volume can be mounted by it.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/result.hpp"

namespace latchkey {

/// Takes a volume's mount point, absolute and plain, or an empty one. True when the system
/// cannot do without what is there, or writes there, before volumes are mounted: such a place
/// gets no guard. Not for `/`, `/usr` and `/var`, which early boot opens and the system mounts.
[[nodiscard]] bool used_by_boot(std::string_view mount_point);

/// Why nothing is mounted there, with Code::refused; nothing for any other place.
[[nodiscard]] std::optional<Error> mount_place_error(std::string_view mount_point);

}  // namespace latchkey
