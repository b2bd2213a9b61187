// SPDX-License-Identifier: GPL-3.0-or-later
// Programs that are called, never re-implemented.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// How a called program is run.
struct RunOptions {
  std::chrono::seconds timeout{0};         ///< 0: none; after it the program is killed
  std::vector<std::string> environment{};  ///< as NAME=value, beyond the fixed one or in its place
  bool merge_stderr = true;                ///< stderr into the output, else discarded
  std::string input{};                     ///< its stdin; empty: /dev/null
  bool until_exit = false;                 ///< what it leaves running is ended, not waited for
  std::size_t output_limit = 64UL * 1024;  ///< of what is kept; the rest is read and dropped
  /// Gets each line as soon as the program has printed it, without its end; true:
  /// it is not kept. Lines beyond 4 KiB come in pieces.
  std::function<bool(std::string_view)> on_line{};
  /// Asked every five seconds while it runs: true has it killed, as the timeout does.
  std::function<bool()> hopeless{};
  /// It has the lock that held_setup_lock() gives as well: when we are killed and it goes on, no
  /// other command begins beside it. Not for what leaves a daemon behind, which would never let
  /// go, and not for lvm, which complains of what it inherits.
  bool keeps_lock = false;
};

struct RunResult {
  int status = 0;        ///< exit status; 128 + signal when a signal ended it
  std::string output{};  ///< what it printed
};

/// Finds a program by its plain name in the system's fixed directories (never
/// by PATH). Gives its absolute path, or an empty text.
[[nodiscard]] std::string find_program(const std::string& name);

/// Runs a program and waits for it. argv[0] is an absolute path or a plain name
/// (then looked up by find_program). It gets a cleared environment (PATH, LC_ALL=C,
/// a word for lvm, and what `options` adds), /dev/null or a copy of `input` as its stdin, and no
/// descriptor of ours but for the lock that `options` may let it keep. Fails with Code::missing
/// when there is no such program, Code::timeout when it had to be killed, Code::io when it could
/// not be started. A program that ran and failed is no Error: look at its status.
[[nodiscard]] Result<RunResult> run(const std::vector<std::string>& argv,
                                    const RunOptions& options = {});

/// Runs a program that may leave others behind, as an init script leaves its daemon:
/// they keep no pipe of ours, so all output goes to /dev/null, and nothing is ever
/// killed. Gives the exit status (as RunResult has it), or nothing when the program has
/// not ended within `timeout`: it goes on. Fails with Code::missing and Code::io as run().
[[nodiscard]] Result<std::optional<int>> run_daemon(const std::vector<std::string>& argv,
                                                    std::chrono::milliseconds timeout);

/// Like run(), and a nonzero exit status is an Error (Code::io) too: `what`
/// failed, because of the last line that the program printed.
[[nodiscard]] Result<std::string> run_ok(const std::vector<std::string>& argv,
                                         const std::string& what, const RunOptions& options = {});

/// What run_ok() gives of what run() gave for `program`.
[[nodiscard]] Result<std::string> only_ok(const std::string& program, Result<RunResult> ran,
                                          const std::string& what);

}  // namespace latchkey
