// SPDX-License-Identifier: GPL-3.0-or-later
// The keys volume of a made-up backup.
#pragma once

#include <string>

#include "core/keys/backup_format.hpp"

namespace latchkey::test {

inline const std::string uuid = "0f7a6b1c-1111-4222-8333-444455556666";

inline BackupPart keys_part() {
  BackupPart part{.kind = BackupPart::Kind::keys, .name = "keys", .device = "vg/encrypted-keys"};
  part.uuid = uuid;
  part.type = "LUKS2";
  part.mapping = "cleartext-keys";
  return part;
}

}  // namespace latchkey::test
