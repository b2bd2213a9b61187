// SPDX-License-Identifier: GPL-3.0-or-later
// Key files that no volume calls its own: what a volume's was before it was renamed.
#pragma once

#include <string>
#include <vector>

namespace latchkey {

/// Those of the keys volume's files that are not in `keys`, printable. What `rotate-key` has
/// stored beside a key while it is unfinished is one of the key's; what seals backups is no
/// volume's and no stray.
[[nodiscard]] std::vector<std::string> stray_keys(const std::vector<std::string>& files,
                                                  const std::vector<std::string>& keys);

/// What to do where a volume's key file is not there, with the strays that it may be.
[[nodiscard]] std::string missing_key_hint(const std::vector<std::string>& strays);

}  // namespace latchkey
