// SPDX-License-Identifier: GPL-3.0-or-later
// Files of others than root, who may have put anything in their places.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/result.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {

/// Opens a file below an opened directory for reading, never waiting for it: not past a mount,
/// and by no way out of the directory; with `links` over those that stay in it. Empty, with
/// errno, where that cannot be.
[[nodiscard]] Fd open_beneath(int directory, const std::string& file, bool links);

/// Reads a file below a directory that belongs to somebody. Links that root alone can have put
/// there lead anywhere, as root's own authorized_keys into /etc; those of others stay in the
/// directory. Fails with Code::missing (it is not there), Code::refused (no regular file, a link
/// that is not followed, larger than 1 MiB), Code::io.
[[nodiscard]] Result<std::string> read_foreign_file(const std::string& directory,
                                                    const std::string& file);

}  // namespace latchkey
