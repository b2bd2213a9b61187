// SPDX-License-Identifier: GPL-3.0-or-later
// What a volume's line records of its LUKS header, against what the header says. An unlock
// refuses one that says something else; `check` tells it before the boot that would.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace latchkey {

/// As in Volume; what is empty may be anything.
struct RecordedHeader {
  std::string name{};  ///< the volume's, for messages
  std::string uuid{};
  std::string cipher{};
  bool has_keys = false;  ///< it is the keys volume
};

/// Takes the UUID that a header has; gives why the volume is not opened with it
/// (Code::refused), or nothing.
[[nodiscard]] std::optional<Error> judge_uuid(const std::string& uuid,
                                              const RecordedHeader& recorded);

/// The same of the cipher of its data (`aes-xts-plain64`). Two writings of one cipher are the
/// same: `aes-plain` is how a header may have it, `aes-cbc-plain` how libcryptsetup tells it.
[[nodiscard]] std::optional<Error> judge_cipher(const std::string& cipher,
                                                const RecordedHeader& recorded);

/// Both, of a header's bytes, as many as luks_header_size says. Nothing for a header that
/// cannot be read: that is another fault.
[[nodiscard]] std::optional<Error> judge_recorded(std::string_view bytes,
                                                  const RecordedHeader& recorded);

}  // namespace latchkey
