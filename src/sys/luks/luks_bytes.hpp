// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "core/base/result.hpp"

namespace latchkey {

/// Reads the bytes of the LUKS header at the start of a device or file, for the
/// parsers of core: libcryptsetup would repair a damaged one on the device. Fewer
/// bytes come from a device that ends before its header does, none from one without
/// a header. Fails with the system's error.
[[nodiscard]] Result<std::string> read_luks_bytes(const std::string& path);

/// The same for who has no other process to wait for it: a disk that hangs would keep the
/// caller for good, so it is asked first (see ask_disk). Fails with Code::timeout besides.
[[nodiscard]] Result<std::string> read_luks_bytes_in_time(const std::string& path);

}  // namespace latchkey
