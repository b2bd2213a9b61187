// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a header on disk still belongs to what is open.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "sys/base/secret.hpp"
#include "sys/luks/crypt.hpp"

namespace latchkey {

/// True when what is open as `mapping` is encrypted by the key that a header gives: the header of
/// `request` (its device a read-only view of the same one, its mapping a name of its own) is opened
/// by `key` for reading, and the first MiB is the same through both. A header from before the
/// volume was encrypted anew is opened by the same key, and gives noise. Fails as open_mapping, and
/// with Code::io.
[[nodiscard]] Result<bool> gives_same_data(const std::string& mapping, MappingRequest request,
                                           const Secret& key);

}  // namespace latchkey
