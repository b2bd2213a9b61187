// SPDX-License-Identifier: GPL-3.0-or-later
// What `latchkey restore` does with single key files: a keys volume that works may have
// lost one, or hold one that does not fit the header that was put back.
#pragma once

#include <string>

#include "core/base/result.hpp"

namespace latchkey {

/// What is known of the key of one volume.
struct KeyFact {
  bool there = false;        ///< the keys volume that is in use has its file
  bool opens = false;        ///< and it opens the volume's header
  bool saved = false;        ///< the backup has a key for the volume
  bool saved_opens = false;  ///< and that one opens the header; not tried where `opens`
};

enum class KeyAction {
  nothing,  ///< the key in use opens the header
  put,      ///< the backup's key goes back into the keys volume
  lost      ///< neither opens the header
};

/// What a restore does with the key file of a volume of which this is known.
[[nodiscard]] KeyAction decide_key(const KeyFact& fact);

/// What people are told of a volume that no key opens. `open`: its mapping is there, and
/// then is the last way to its data.
[[nodiscard]] Error key_error(const std::string& volume, const std::string& file,
                              const KeyFact& fact, bool open);

/// What people are told when the keys volume in use, on `device`, does not show its keys: no
/// more than that.
[[nodiscard]] Error keys_not_known(const std::string& device, const Error& why);

}  // namespace latchkey
