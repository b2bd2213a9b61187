// SPDX-License-Identifier: GPL-3.0-or-later
// What a boot loader or firmware reads, on the disk as these read it.
#pragma once

#include <string>

#include "core/base/result.hpp"

namespace latchkey {

/// Writes the file system of `place` (a file or directory) to its disk in a way that programs see
/// which replay no journal, as GRUB; not so where it is the root file system and XFS. One that is
/// not there is fine. Not sync(2): that waits for
/// every disk, also one that hangs. Fails with Code::io.
[[nodiscard]] Result<> sync_for_boot(const std::string& place);

}  // namespace latchkey
