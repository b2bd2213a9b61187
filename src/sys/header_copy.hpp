// SPDX-License-Identifier: GPL-3.0-or-later
// LUKS headers with their key slots, saved to files and put back, by libcryptsetup.
#pragma once

#include <string>

#include "core/result.hpp"
#include "sys/crypt.hpp"

namespace latchkey {

/// Saves the header of a volume to a new file. Fails as read_luks_header, and with
/// Code::io.
[[nodiscard]] Result<LuksHeader> save_header(const LuksPlace& place, const std::string& file);

/// Puts a saved header (`LUKS1` or `LUKS2`) back, over whatever is there, and has it on
/// the disk before it returns. Fails with Code::io, naming what the library says.
[[nodiscard]] Result<> put_header_back(const LuksPlace& place, const std::string& type,
                                       const std::string& file);

}  // namespace latchkey
