// SPDX-License-Identifier: GPL-3.0-or-later
// The process that keeps the keys volume open for an inspection, and no longer than
// it was told to.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sys/config/setup.hpp"
#include "sys/keys/keys_volume.hpp"
#include "sys/mount/mount_users.hpp"

namespace latchkey {

struct Keeper {
  pid_t pid = 0;
  std::string started{};  ///< the kernel's start time of it: a number used again is another process
  std::string until{};    ///< when it closes, as now_text() writes it
  bool writes = false;
};

/// The link that leads into the open keys volume.
[[nodiscard]] std::string keys_link(const Paths& paths);

/// The keeper that runs now, or nothing.
[[nodiscard]] std::optional<Keeper> find_keeper(const Paths& paths);

/// Starts one with the keys volume as `keys` opened it, and gives it once the link
/// is there. It closes the keys volume after `time`, on SIGTERM, and when it is
/// killed; then it puts the LV to rest. It keeps nothing else of the caller's: no
/// terminal, no pipe; `let_go`, called in the new process, gives back its copies of the
/// caller's locks. Fails with Code::io.
[[nodiscard]] Result<Keeper> start_keeper(const Setup& setup, const Paths& paths, OpenKeys keys,
                                          KeysAccess access, std::chrono::seconds time,
                                          const std::function<void()>& let_go);

/// Ends the keeper, if one runs, and waits until it is gone; takes away what one left that was
/// killed. The caller has the unlock's turn: none is being started. Fails with Code::timeout.
[[nodiscard]] Result<> end_keeper(const Paths& paths);

/// Who uses a file of the keys volume now, the keeper left out.
[[nodiscard]] std::vector<MountUser> keys_users(const Setup& setup, const Paths& paths);

}  // namespace latchkey
