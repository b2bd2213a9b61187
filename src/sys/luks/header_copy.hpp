// SPDX-License-Identifier: GPL-3.0-or-later
// LUKS headers with their key slots, saved to files and put back, by libcryptsetup.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "sys/luks/crypt.hpp"

namespace latchkey {

/// Saves the header of a volume to a new file. Fails as read_luks_header, and with
/// Code::io.
[[nodiscard]] Result<LuksHeader> save_header(const LuksPlace& place, const std::string& file);

/// True for the path of a header that is kept in a file, when that is gone and the directory
/// it was in is there: put_header_back makes it again.
[[nodiscard]] bool can_make_header_file(const std::string& header);

/// Puts a saved header (`LUKS1` or `LUKS2`) back, over whatever is there, and has it on
/// the disk before it returns; a file that is gone is made (mode 0600). Fails with Code::io, naming
/// what the library says.
[[nodiscard]] Result<> put_header_back(const LuksPlace& place, const std::string& type,
                                       const std::string& file);

}  // namespace latchkey
