// SPDX-License-Identifier: GPL-3.0-or-later
// Ending other processes, and being sure of it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// The identity of a file, whatever its name; lives on when it is deleted.
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;

  bool operator==(const FileId&) const = default;
};

/// Gives a file's identity, links followed. Fails with Code::missing or Code::io.
[[nodiscard]] Result<FileId> file_id(const std::string& path);

/// A process as /proc showed it.
struct ProcessInfo {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t session = 0;
  bool zombie = false;
  FileId program{};                      ///< zero for a kernel thread
  std::string path{};                    ///< the program's, also when that was deleted
  std::vector<std::string> arguments{};  ///< the first few, for telling apart
  bool hangs = false;                    ///< it waits in the kernel, where no signal comes
};

/// All processes that can be seen now.
[[nodiscard]] std::vector<ProcessInfo> read_processes();

/// Decides from one look at all processes: those that `chosen` names, all their
/// descendants, and all of the sessions that one of them leads; but never
/// `self`, its ancestors, or a zombie. Pure.
[[nodiscard]] std::vector<pid_t> family(const std::vector<ProcessInfo>& processes,
                                        const std::function<bool(const ProcessInfo&)>& chosen,
                                        pid_t self);

/// Ends every process of family(): TERM, waits up to `grace` for them to end,
/// then KILL until none is left. Looks again each time, so that what they fork
/// meanwhile is ended too. Fails with Code::timeout, naming how many are left,
/// when that is not so after `limit` (counted from the beginning) and three rounds of
/// KILL, each with up to `grace` to take effect, which there are however late it is. What hangs in
/// the kernel then, waiting for a disk, is not counted: it does nothing more when that answers.
[[nodiscard]] Result<> end_processes(const std::function<bool(const ProcessInfo&)>& chosen,
                                     std::chrono::milliseconds grace,
                                     std::chrono::milliseconds limit);

}  // namespace latchkey
