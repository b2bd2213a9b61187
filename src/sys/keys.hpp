// SPDX-License-Identifier: GPL-3.0-or-later
// Reading the keys out of the keys volume.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/result.hpp"
#include "sys/secret.hpp"

namespace latchkey {

/// The largest key file that is read, in bytes.
inline constexpr std::size_t key_limit = 1024UL * 1024;

/// Where the keys volume is and where it may be mounted for a moment.
struct KeysPlace {
  KeysVolume volume;
  std::string mount_point;  ///< a directory of our own, created when absent
};

/// What became of one key file.
struct KeyRead {
  std::string file;
  Result<Secret> key;  ///< by Code::missing: no such file; Code::refused: a link, no
                       ///< regular file, empty or too large; Code::io
};

/// Opens the keys volume, reads every named file byte by byte, closes it. To be
/// called in a process of its own: it leaves the mount namespace of the others
/// for good. In this order, so that a kill at any point leaves nothing open:
///   mapping (read-only, hidden from udev's other rules) → a descriptor on it →
///   deferred removal asked for → private mount → read → unmount → closed.
/// When the volume's journal was left dirty (a power cut while a key was
/// written), the newest key may be in the journal only: then it is opened
/// writable once and the journal is replayed; `say` tells so.
/// Fails as open_mapping does, with Code::damaged when it cannot be mounted.
[[nodiscard]] Result<std::vector<KeyRead>> read_keys(
    const KeysPlace& place, const std::vector<std::string>& files, const Secret& passphrase,
    const std::function<void(const std::string&)>& say);

}  // namespace latchkey
