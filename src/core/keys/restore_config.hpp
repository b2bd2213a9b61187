// SPDX-License-Identifier: GPL-3.0-or-later
// Where the configuration that is there leads elsewhere than that of a backup: root may
// have come back from an old copy, and what is restored would not be found.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/config.hpp"
#include "core/keys/backup_format.hpp"

namespace latchkey {

/// What of the file `name` (`latchkey.conf`, `volumes`) contradicts the backup's: the keys
/// volume's device or UUID; a volume that is not there, or its device, header, UUID, cipher
/// or key file. Volumes that the backup does not know may be newer and are no matter. Empty: all
/// fits, or it is another file.
[[nodiscard]] std::vector<std::string> contradictions(std::string_view name, std::string_view there,
                                                      std::string_view saved);

/// True when the configuration that is there names another keys volume than that of the
/// backup: a `rekey` came after it, or the configuration is older. It is the same one by its
/// UUID; where none is configured, by its device. `saved` has the device that the
/// administrator named, if any; `before` is that of the backup.
[[nodiscard]] bool is_other_keys_volume(const KeysVolume& there, const BackupPart& saved,
                                        const std::string& before);

/// What people are told of them.
[[nodiscard]] Error contradiction_error(const std::string& file,
                                        const std::vector<std::string>& contradictions);

}  // namespace latchkey
